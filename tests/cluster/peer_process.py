"""Worker process for tests of peers: a real process that listens, publishes, and dies."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent.parent

# A worker that says its pid once it listens and lives until its input ends.
PEER = """
import os, sys
from pathlib import Path
from chat.cluster.peers import Peers

def answer(request):
    yield b"you said " + request["say"].encode()
    if request["say"] == "die":
        os._exit(9)

peers = Peers(Path(sys.argv[1]))
peers.listen(answer)
peers.publish({"pid": os.getpid(), "from": "a peer"})
print(os.getpid(), flush=True)
sys.stdin.read()
peers.close()
"""


class PeerProcess:
    def __init__(self, run_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PEER, str(run_dir)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.pid = int(self.process.stdout.readline())
        self.name = f"{socket.gethostname()}:{self.pid}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.process.communicate(timeout=20)

    def __enter__(self) -> PeerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
