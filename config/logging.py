"""`app.log`: one record a line, appended with one write, so that several processes can share the file.

Rotate it from outside (logrotate, for example): the file is opened anew when it has been moved.
`access.log`: see `access_log.py`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import math
import os
import re
import sys
import time
from pathlib import Path

from config.settings import SettingError, Settings

# Line breaks and terminal sequences in what users or models wrote must not look like records of ours.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# How often a file is complained of that takes no lines.
_COMPLAIN_EVERY_S = 60.0


def set_up(settings: Settings) -> None:
    """Send the program's log to LOG_DIR/app.log, warnings to the terminal too. Raises SettingError."""
    make_directory(settings.log_dir)
    formatter = _JsonFormatter() if settings.log_format == "json" else _TextFormatter()
    file = LineFile(settings.log_dir / "app.log")
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    root = logging.getLogger()
    for handler in (file, terminal):
        handler.setFormatter(formatter)
    replaced, root.handlers[:] = root.handlers[:], [file, terminal]
    for old in replaced:
        if isinstance(old, LineFile):
            old.close()
    root.setLevel(settings.log_level)
    # No line says where in the program it was written, nor by which thread (logging's HOWTO, "Optimization").
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = False
    # Below our own level these tell of every connection, headers included.
    for noisy in ("openai", "httpx2", "httpcore2", "urllib3", "peewee"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(settings.log_level)))


def make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise SettingError(f"LOG_DIR is {str(path)!r}, but takes a folder that this user may write to.")


class LineFile(logging.handlers.WatchedFileHandler):
    """A log file. A line that it does not take is lost, which the terminal is told now and then, and no caller.

    A folder that has gone, a full disk, no descriptor left: by itself `logging` would print a page for each line.
    """

    _complained_at = -math.inf

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        with contextlib.suppress(OSError):  # what is left of the line would be written before the next one
            if self.stream is not None:
                self.stream.close()
        self.stream = None
        if time.monotonic() - self._complained_at >= _COMPLAIN_EVERY_S:
            self._complained_at = time.monotonic()
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"parley: {self.baseFilename} takes no lines ({error.strerror}); they are lost.\n")
                sys.stderr.flush()


class _TextFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        moment = f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z"
        line = f"{moment} {record.levelname} [{record.process}] {record.name}: {escaped(record.getMessage())}"
        if record.exc_info:
            line += "".join(f"\n    {escaped(each)}" for each in self.formatException(record.exc_info).splitlines())
        return line


class _JsonFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "pid": record.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return escaped(json.dumps(entry, ensure_ascii=False))


def escaped(text: str) -> str:
    """`text` without anything that would begin a new line or steer a terminal."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
