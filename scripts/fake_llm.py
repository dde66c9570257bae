"""A fake language model: an OpenAI-compatible HTTP server for tests, benchmarks and the concurrency check.

    python scripts/fake_llm.py --port 0 [--first 0.5 --tokens 200 --gap 0.02 --fault cut …]

prints one line, its base URL, and answers `POST /v1/chat/completions` (streamed or not, with tools and
`stream_options.include_usage`) and `GET /v1/models` as OpenAI documents them. Beside them:

- `GET /stats`: `open` answers now, `served` to their end, `aborted` by the client, `cut` by a fault, `tokens`
  written, chat `requests`, `connections` open, `cpu_s` used, `late_s` (mean and max: how far behind its schedule a
  token was written), `aborts` (the last 1000: `at` in Unix seconds, `model`, `tokens` written before)
- `POST /close-idle`: closes all other connections that wait for a request, and returns how many
- `GET /requests`: the last 100 chat requests, `{"at", "authorization", "body"}`

Every option below is a default on the command line (`--retry-after 30`), and can be set for one request, so that one
server serves many tests: in the model's name, `fake?first=0.5&tokens=200`, or in the last message of the user,
`[fake?fault=cut&at=3]`, which wins. Values are URL-encoded; `directive(first=0.5, tool=[("name", {…})])` writes them.

    first=S       seconds to the first token                  gap=S      between tokens
    tokens=N      how many, of `generated_text(N)`            text=…     this text instead
    echo=1        the last message's text instead: the tool's result, once there is one
    reasoning=N   so many tokens of reasoning come before     reasoning_field=…   their name in a delta
    tool=NAME:ARGUMENTS   calls the tool, if the request offers any; may be repeated. ARGUMENTS is sent as it is
    rounds=N      how many times over it calls them before it answers with text (1)
    split=N       HTTP chunks of N bytes, whatever they cut through
    stamp=1       the first and the last token of a stream tell when they were written: `@SECONDS+LATE `, the machine's
                  monotonic clock and how far behind schedule the token was, always as many characters

    fault=NAME    below; `at=N` after N tokens (in the middle), `times=N` only the first N times that this question
                  is asked of this model (always), `round=N` only in the Nth round of tool calls (in every one)
      400 … 599   that status, with `retry_after=…` as its Retry-After
      refuse      closes the connection without a word        mute       no answer, not even a head, for `hold=S`
      html        an HTML page with status 200                stall      silent for `hold=S` (for ever), then goes on
      reset       TCP reset; at=0: before the head            drip       nothing but comments for `hold=S`, then goes on
      cut         closes between two chunks                   end        the body ends properly, but with no
      truncate    closes within a chunk                                  finish_reason and no [DONE]
      badjson     a line that is not JSON, then goes on       empty      a chunk with empty `choices`, then goes on
      error       an error in the stream, which ends          huge       a line of `size=N` bytes (30 MB), then goes on

A model called `dialect:NAME` speaks the dialect of another endpoint, which may refuse the request too; they are listed
at the end of `--help`, and stand in `fake_model/dialects/`, a file for each subject.

Tests use it as a context manager: `with FakeLLM(tokens=5) as llm: OpenAI(base_url=llm.base_url, api_key="any")`.

The event loop is in `fake_model/server.py`, the bytes of an answer in `fake_model/answers.py`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import selectors
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # run by its path, Python looks for modules beside this file only
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.fake_model import dialects
from scripts.fake_model.request import READERS, BadRequest, Options, directive, generated_text, query_of, with_query
from scripts.fake_model.server import Server
from scripts.kit.resource_limits import raise_open_files

__all__ = ["FakeLLM", "directive", "generated_text"]


class FakeLLM:
    """The server as a subprocess, for tests: `with FakeLLM(tokens=5, gap=0) as llm:`. It ends with its parent."""

    def __init__(self, **defaults: Any) -> None:
        self._query = query_of(**defaults)

    def __enter__(self) -> FakeLLM:
        command = [sys.executable, __file__, "--port", "0", "--quiet", "--until-stdin-closes", "--options", self._query]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.base_url = self._process.stdout.readline().strip()
        if not self.base_url:
            self.stop()
            raise RuntimeError("The fake model did not start; its error is above.")
        self.port = int(self.base_url.rsplit(":", 1)[1].removesuffix("/v1"))
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server: from now on its address refuses connections. May be called again."""
        self._process.terminate()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream
            stream.close()

    def stats(self) -> Any:
        """Return the server's counters, named as at the top of this file."""
        return self._ask("GET", "/stats")

    def requests(self) -> Any:
        """Return the last 100 chat requests: `{"at", "authorization", "body"}`, the body as JSON text."""
        return self._ask("GET", "/requests")

    def close_idle(self) -> int:
        """Close the connections that wait for a request. Return how many there were."""
        return int(self._ask("POST", "/close-idle")["closed"])

    def _ask(self, method: str, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers={"Connection": "close"})
            return json.load(connection.getresponse())
        finally:
            connection.close()


def main() -> None:
    arguments = _parser().parse_args()
    options = {name: getattr(arguments, name) for name in READERS if getattr(arguments, name) is not None}
    options["tool"] = [tuple(tool.partition(":")[::2]) for tool in options.get("tool", ())]
    try:
        defaults = with_query(with_query(Options(), arguments.options), query_of(**options))
    except BadRequest as error:
        sys.exit(f"fake_llm.py: {error}")
    raise_open_files()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    server = Server(arguments.host, arguments.port, defaults)
    if arguments.until_stdin_closes:
        server.selector.register(sys.stdin, selectors.EVENT_READ, lambda _mask: sys.exit(0))
    print(f"http://{arguments.host}:{server.listener.getsockname()[1]}/v1", flush=True)
    try:
        server.run()
    finally:
        if not arguments.quiet:
            _report(server.stats())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=f"dialects (a model's name is `dialect:NAME`):\n{dialects.listing()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--quiet", action="store_true", help="no summary at the end")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input does")
    parser.add_argument("--options", default="", metavar="QUERY", help="several at once: 'first=0.5&tokens=200'")
    for name in READERS:
        action = "append" if name == "tool" else "store"
        parser.add_argument(f"--{name.replace('_', '-')}", action=action, metavar="VALUE")
    return parser


def _report(stats: dict[str, Any]) -> None:
    each = stats["cpu_s"] / stats["tokens"] * 1e6 if stats["tokens"] else 0.0
    counts = ", ".join(f"{stats[name]} {name}" for name in ("requests", "served", "aborted", "cut", "tokens"))
    print(f"{counts}; {stats['cpu_s']:.2f} s CPU, {each:.1f} µs a token", file=sys.stderr)


if __name__ == "__main__":
    main()
