"""The cost of the model's client alone: CPU from the socket to a delta and to begin a request, memory of a stream.

    python scripts/benchmarks/model_client.py [--streams 1 50 300 1000] [--tokens 150] [--gap 0.02]

One gevent process a row, the fake model in another, both transports in the same run, and below them the floor:
what a bare `recv` in a greenlet costs for the same bytes, with nothing done to them. Prints JSON lines:

    us_token    CPU from the first delta of all to the last, by the tokens that came in it, in microseconds
    per_read    tokens to a delta: how many came together
    start_ms    CPU to begin one request, all of them beginning at once, each on a new connection
    again_ms    CPU of a whole request of one token on a kept connection, one after the other
    kb_stream   memory (PSS) that one more stream takes
    late_s      how long after the model's schedule the last stream ended

Run it on a quiet machine: who waits for a core reads more tokens at once, and looks cheaper.
"""

# ruff: noqa: PLC0415 - what gevent patches is imported after it has patched, in the measuring processes only
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

WAYS = ("standard", "lean", "floor")


def main() -> None:
    from scripts.fake_llm import FakeLLM

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 50, 300, 1000])
    parser.add_argument("--tokens", type=int, default=150)
    parser.add_argument("--gap", type=float, default=0.02)
    options = parser.parse_args()
    with FakeLLM() as llm:
        for streams in options.streams:
            for way in WAYS:
                arguments = [way, llm.base_url, str(streams), str(options.tokens), str(options.gap)]
                subprocess.run([sys.executable, __file__, "--measure", *arguments], check=True)


class Measurement:
    """`streams` greenlets that read an answer each."""

    def __init__(self, way: str, url: str, streams: int, tokens: int, gap_s: float) -> None:
        self.url, self.streams, self.tokens = url, streams, tokens
        # Time for all to begin before the first token comes.
        self.first_s = 2.0 + 0.005 * streams
        self.ends_s = self.first_s + gap_s * (tokens - 1)
        self.name = f"fake?first={self.first_s}&tokens={tokens}&gap={gap_s}"
        self.read = self._floor if way == "floor" else self._client
        self.model: Any = None
        if way != "floor":
            from chat.llm.openai.client import OpenAIModel

            self.model = OpenAIModel("key", url, 60.0, way)
            self.model.warm_up()
            self._ask("fake?first=0&tokens=1&gap=0")
        self.deltas = 0
        self.began_cpu_s = 0.0
        self.half_kb = 0

    def run(self) -> dict[str, Any]:
        from scripts.kit import processes

        again_ms = None if self.model is None else round(self._again_s() * 1000, 2)
        before_kb, before_s, began_at = processes.pss_bytes() // 1024, time.process_time(), time.monotonic()
        threads = [threading.Thread(target=self.read) for _ in range(self.streams)]
        for thread in threads:
            thread.start()
        time.sleep(self.first_s - 0.5)
        start_s = time.process_time() - before_s
        time.sleep((self.ends_s - self.first_s) / 2 + 0.5)
        half_kb = processes.pss_bytes() // 1024
        for thread in threads:
            thread.join()
        tokens = self.streams * self.tokens
        return {
            "us_token": round((time.process_time() - self.began_cpu_s) / tokens * 1e6, 1),
            "per_read": round(tokens / max(1, self.deltas), 1),
            "start_ms": round(start_s / self.streams * 1000, 2),
            "again_ms": again_ms,
            "kb_stream": round((half_kb - before_kb) / self.streams, 1),
            "late_s": round(time.monotonic() - began_at - self.ends_s, 2),
        }

    def _count_delta(self) -> None:
        if not self.deltas:
            self.began_cpu_s = time.process_time()
        self.deltas += 1

    def _client(self) -> None:
        for _ in self._ask(self.name):
            self._count_delta()

    def _ask(self, name: str) -> Any:
        from chat.cancellation import Cancellation
        from chat.messages import Message

        return self.model.stream(name, [Message("user", "Hello?")], [], Cancellation(600))

    def _again_s(self, requests: int = 100) -> float:
        before_s = time.process_time()
        for _ in range(requests):
            list(self._ask("fake?first=0&tokens=1&gap=0"))
        return (time.process_time() - before_s) / requests

    def _floor(self) -> None:
        import socket

        body = json.dumps({"model": self.name, "stream": True, "messages": [{"role": "user", "content": "Hello?"}]})
        port = int(self.url.rsplit(":", 1)[1].removesuffix("/v1"))
        with socket.create_connection(("127.0.0.1", port)) as sock:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            sock.sendall((head + body).encode())
            sock.settimeout(60.0)
            while not (data := sock.recv(65536)).endswith(b"0\r\n\r\n"):
                if b'"content"' in data:
                    self._count_delta()


def measure(way: str, url: str, streams: str, tokens: str, gap_s: str) -> None:
    from scripts.kit.resource_limits import raise_open_files

    raise_open_files()
    measured = Measurement(way, url, int(streams), int(tokens), float(gap_s)).run()
    print(json.dumps({"way": way, "streams": int(streams), **measured}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        from gevent import monkey

        monkey.patch_all()
        measure(*sys.argv[2:])
    else:
        main()
