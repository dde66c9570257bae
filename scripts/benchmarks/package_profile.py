"""CPU profile by package: py-spy samples a server's workers while it answers a crowd.

A sample counts for the innermost of its frames that belongs to a package, since the standard library and gevent work
for their callers.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_PACKAGES = (
    ("/chat/llm/", "llm"),
    ("/chat/net/", "net"),
    ("/chat/turns/", "turns"),
    ("/chat/events/", "events"),
    ("/chat/agent/", "agent"),
    ("/chat/store/", "store"),
    ("/chat/memory/", "memory"),
    ("/chat/web/", "web"),
    ("/chat/runtime/", "runtime"),
    ("/chat/cluster/", "cluster"),
    ("/chat/", "values"),
    ("/config/", "logging"),
    ("/peewee", "peewee"),
    ("/openai/", "openai"),
    ("/pydantic", "openai"),
    ("/httpx2/", "httpx2"),
    ("/httpcore2/", "httpx2"),
    ("/h11/", "httpx2"),
    ("/gunicorn/", "gunicorn"),
    ("/flask/", "flask"),
    ("/werkzeug/", "flask"),
    ("/logging/", "logging"),
    ("/json/", "json"),
)
_LOOP = "gevent's loop"
_OTHER = "other"
# Functions in which a native thread waits for work, which py-spy counts as work.
_WAITING = ("acquire_with_timeout ", "NativePool._serve ", "_serve ")
_FRAME = re.compile(r"(.*) \((.*?)(?::\d+)?\)$")


class Profiler:
    """Samples processes between `start` and `samples`. Raises FileNotFoundError without py-spy."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder, self._seconds = folder, seconds
        beside = Path(sys.executable).with_name("py-spy")
        self._command = str(beside) if beside.exists() else shutil.which("py-spy")
        if self._command is None:
            raise FileNotFoundError("py-spy is missing, which --profile needs: pip install py-spy")
        self._running: list[tuple[subprocess.Popen[bytes], Path]] = []

    def start(self, pids: Iterable[int]) -> None:
        for pid in pids:
            out = self._folder / f"profile-{pid}.txt"
            options = ["--format", "raw", "--full-filenames", "--rate", "200", "--duration", f"{self._seconds:.0f}"]
            command = [self._command, "record", *options, "--pid", str(pid), "--output", str(out)]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # type: ignore[arg-type]
            self._running.append((process, out))

    def samples(self) -> list[str]:
        """Return the samples as lines of `outermost;…;innermost count`."""
        samples: list[str] = []
        for process, out in self._running:
            _, stderr = process.communicate(timeout=60)
            if not out.exists():
                raise RuntimeError(f"py-spy could not sample a worker: {stderr.decode().strip()[-300:]}")
            samples += out.read_text().splitlines()
        return samples


def by_package(samples: Iterable[str]) -> dict[str, float]:
    """Return the share of each package, the largest first."""
    counts: Counter[str] = Counter()
    for stack, count in _parsed(samples):
        counts[_package_of_stack(stack)] += count
    return _shares(counts)


def by_function(samples: Iterable[str], most: int = 20) -> dict[str, float]:
    """Return the share of each function, including calls into the standard library and gevent."""
    counts: Counter[str] = Counter()
    for stack, count in _parsed(samples):
        frame = next((frame for frame in reversed(stack) if _package_of(frame)), stack[-1])
        name, path = _split(frame)
        counts[f"{name} ({'/'.join(Path(path).parts[-2:])})"] += count
    return dict(list(_shares(counts).items())[:most])


def _parsed(samples: Iterable[str]) -> Iterable[tuple[list[str], int]]:
    for line in samples:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if stack and not frames[-1].startswith(_WAITING):
            yield frames, int(count)


def _package_of_stack(stack: list[str]) -> str:
    for frame in reversed(stack):
        if package := _package_of(frame):
            return package
    return _LOOP if any("/gevent/" in frame for frame in stack) else _OTHER


def _package_of(frame: str) -> str | None:
    path = _split(frame)[1]
    return next((name for part, name in _PACKAGES if part in path), None)


def _split(frame: str) -> tuple[str, str]:
    """Return the function and the file of a frame."""
    match = _FRAME.match(frame)
    return (match[1], match[2]) if match else (frame, "")


def _shares(counts: Counter[str]) -> dict[str, float]:
    total = sum(counts.values()) or 1
    return {name: count / total for name, count in counts.most_common()}
