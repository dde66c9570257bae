"""The live line: a bar that is redrawn on a terminal; elsewhere a line every few seconds."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

from scripts.concurrency.load import Progress

_EVERY_S = 5.0
_BAR = 24
_NARROW = 60
_GREEN, _RED, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[0m"


class ProgressLine:
    """Shows one load's progress. `name` begins the line if several loads follow each other."""

    def __init__(self, out: TextIO = sys.stdout, name: str = "", quiet: bool = False) -> None:
        self._out, self._name, self._quiet = out, name, quiet
        self._terminal = out.isatty() and os.environ.get("TERM") != "dumb"
        self._colour = self._terminal and not os.environ.get("NO_COLOR")
        self._next_s: dict[str, float] = {}
        self._ended: set[str] = set()
        self._open = False

    def show(self, progress: Progress) -> None:
        """Show a state. The last one of a stage stays."""
        at_end = progress.share >= 1.0 and progress.waiting + progress.answering == 0
        if self._quiet or progress.stage in self._ended:
            return
        if at_end:
            self._ended.add(progress.stage)
        if self._terminal:
            self._renew(progress, at_end)
        elif progress.stage != "clean up" and (at_end or progress.at_s >= self._next_s.get(progress.stage, 1.0)):
            self._next_s[progress.stage] = progress.at_s + _EVERY_S
            print(self._prefix() + _text(progress), file=self._out, flush=True)

    def close(self) -> None:
        """Finish the redrawn line."""
        if self._open:
            print(file=self._out, flush=True)
            self._open = False

    def _renew(self, progress: Progress, at_end: bool) -> None:
        width = shutil.get_terminal_size().columns
        text = self._prefix() + _text(progress)
        bar = ""
        if width >= _NARROW:
            full = round(min(1.0, progress.share) * _BAR)
            bar = "█" * full + "░" * (_BAR - full) + " "
        room = max(1, width - len(bar) - 1)
        if self._colour and bar:
            bar = (_RED if progress.failed else _GREEN) + bar + _PLAIN
        # Erasing to the end of the line needs no knowledge of the line before.
        self._out.write(f"\r{bar}{text[:room]}\x1b[K" + ("\n" if at_end else ""))
        self._out.flush()
        self._open = not at_end

    def _prefix(self) -> str:
        return f"{self._name}: " if self._name else ""


def _text(progress: Progress) -> str:
    if progress.stage == "prepare":
        return f"  {progress.at_s:5.1f}s  {progress.ready} of {progress.users} users ready"
    if progress.stage == "clean up":
        return f"  {progress.at_s:5.1f}s  cleaning up"
    return (
        f"  {progress.at_s:5.1f}s  {progress.waiting} waiting, {progress.answering} being answered, "
        f"{progress.done} done" + (f", {progress.failed} failed" if progress.failed else "")
    )
