"""`app.log`: one record a line, each appended by one write, so that several processes can share the file.

Rotate it with an external program such as logrotate: a file that was moved is opened again.
`access.log` is written by `config/server/access_log.py`.
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

from config import log_fields, log_traceback
from config.settings import SettingError, Settings

# Line breaks and terminal sequences in texts of users or models must not look like our records.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# Interval between two messages about a file that cannot be written.
_MESSAGE_INTERVAL_S = 60.0


def set_up(settings: Settings) -> None:
    """Send the program's log to LOG_DIR/app.log, and warnings also to the terminal. Raises SettingError."""
    make_directory(settings.log_dir)
    formatter = _JsonFormatter() if settings.log_format == "json" else _TextFormatter()
    path = settings.log_dir / "app.log"
    with contextlib.suppress(OSError):
        path.touch()  # so that `tail -f` finds it right after the first start
    file = LineFile(path)
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
    # Records contain neither source position nor thread (logging's HOWTO, "Optimization").
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = False
    # At lower levels these log every connection, headers included.
    for noisy in ("openai", "httpx2", "httpcore2", "peewee"):
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
    """Log file whose write errors never reach the caller.

    If a line cannot be written (missing folder, full disk, no file descriptor), it is lost, and the terminal gets a
    message once a minute. `logging` itself would print a traceback for each line.
    """

    _message_at = -math.inf

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
        with contextlib.suppress(OSError):  # a buffered part of the line would precede the next one
            if self.stream is not None:
                self.stream.close()
        self.stream = None
        if time.monotonic() - self._message_at >= _MESSAGE_INTERVAL_S:
            self._message_at = time.monotonic()
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"parley: {self.baseFilename} takes no lines ({error.strerror}); they are lost.\n")
                sys.stderr.flush()


class _TextFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        moment = f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z"
        fields = "".join(f" {name}={value}" for name, value in log_fields.current().items())
        line = f"{moment} {record.levelname} [{record.process}] {record.name}{fields}: {escaped(record.getMessage())}"
        if record.exc_info:
            line += "".join(f"\n    {escaped(each)}" for each in log_traceback.lines(record.exc_info))
        return line


class _JsonFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "pid": record.process,
            "logger": record.name,
            **log_fields.current(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = "\n".join(log_traceback.lines(record.exc_info))
        return escaped(json.dumps(entry, ensure_ascii=False))


def escaped(text: str) -> str:
    """Return `text` with control characters escaped, which could begin a new line or control a terminal."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
