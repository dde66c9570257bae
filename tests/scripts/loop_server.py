"""A server with a real event loop, which its answers may block: `python loop_server.py fine|sleep|cpu|whole`.

It has as much of the API as the concurrency check needs. An answer has six tokens, 20 ms apart. `sleep` waits for each
in a call that gevent does not know, `cpu` computes meanwhile, `whole` blocks once for the whole answer.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
from gevent import pywsgi

TOKENS, GAP_S = 6, 0.02


def _spin(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


_PAUSES: dict[str, Callable[[float], object]] = {"fine": gevent.sleep, "sleep": time.sleep, "cpu": _spin}
_numbers = itertools.count()


def main() -> None:
    kind = sys.argv[1]

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path.endswith("/turns"):
            start_response("200 OK", [("Content-Type", "text/event-stream")])
            return _turn(kind)
        body = {"mode": "async", "models": ["demo"], "id": next(_numbers), "features": {}}
        headers = [("Content-Type", "application/json"), ("Set-Cookie", f"session={next(_numbers)}")]
        start_response("200 OK", headers)
        return [json.dumps(body).encode()]

    server = pywsgi.WSGIServer(("127.0.0.1", 0), application, log=None)
    server.start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    gevent.spawn(_end_with_the_test)
    server.serve_forever()


def _end_with_the_test() -> None:
    gevent.get_hub().threadpool.apply(sys.stdin.read)
    sys.exit()


def _turn(kind: str) -> Iterator[bytes]:
    yield _event("turn", {"turn_id": "t", "worker": "1", "mode": "async"})
    gevent.sleep(0)
    if kind == "whole":
        time.sleep(TOKENS * GAP_S)
    for number in range(TOKENS):
        _PAUSES.get(kind, gevent.sleep)(0.0 if kind == "whole" else GAP_S)
        gevent.sleep(0)
        yield _event("delta", {"text": f"token {number} "})
    yield _event("done", {"status": "completed", "usage": {}})


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


if __name__ == "__main__":
    main()
