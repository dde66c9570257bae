"""`app.log`: one record a line, appended with one write, so that several processes can share the file.

Rotate it from outside (logrotate, for example): the file is opened anew when it has been moved.
`access.log`: see `access_log.py`.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import re
import sys
import time
from pathlib import Path

from config.settings import SettingError, Settings

# Line breaks and terminal sequences in what users or models wrote must not look like records of ours.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def set_up(settings: Settings) -> None:
    """Send the program's log to LOG_DIR/app.log, warnings to the terminal too. Raises SettingError."""
    make_directory(settings.log_dir)
    formatter = _JsonFormatter() if settings.log_format == "json" else _TextFormatter()
    file = _File(settings.log_dir / "app.log", encoding="utf-8", errors="backslashreplace", delay=True)
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    root = logging.getLogger()
    for handler in (file, terminal):
        handler.setFormatter(formatter)
    replaced, root.handlers[:] = root.handlers[:], [file, terminal]
    for old in replaced:
        if isinstance(old, _File):
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


class _File(logging.handlers.WatchedFileHandler):
    """A folder that has gone costs the line, which is reported on the terminal, and never whoever logs it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)


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
