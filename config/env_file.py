"""`.env` as it is rewritten: one setting changed where it stands, everything else left as it is.

How it is read: `config/settings.py`.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path

from dotenv.parser import parse_stream

_BOM = "\ufeff"
# What goes before the name on a line, and what follows its value: a comment, the line's end.
_LEAD = re.compile(r"\s*(?:export[^\S\r\n]+)?")
_TAIL = re.compile(r"(?:[^\S\r\n]+#[^\r\n]*)?[^\S\r\n]*(?:\r\n|\n|\r)?\Z")


def with_setting(content: bytes, name: str, value: str) -> bytes:
    """`content` of a `.env` with `name` set to `value`: on each line that sets it, else on a new last line.

    `value` needs no quotes. Raises UnicodeDecodeError.
    """
    text = content.decode("utf-8")
    body = text.removeprefix(_BOM)
    found = False
    parts = []
    for line in parse_stream(io.StringIO(body)):
        if line.key == name:
            found = True
            parts.append(_changed(line.original.string, name, value))
        else:
            parts.append(line.original.string)
    if not found:
        parts.append(_added(body, name, value))
    return (_BOM * text.startswith(_BOM) + "".join(parts)).encode("utf-8")


def _changed(line: str, name: str, value: str) -> str:
    lead, tail = _LEAD.match(line), _TAIL.search(line)
    return f"{lead[0] if lead else ''}{name}={value}{tail[0] if tail else ''}"


def _added(body: str, name: str, value: str) -> str:
    end = "\r\n" if "\r\n" in body else "\n"
    gap = end if body and not body.endswith(("\r", "\n")) else ""
    return f"{gap}{name}={value}{end}"


def read(path: Path) -> bytes | None:
    """What is there; None where nothing is. Raises OSError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def write(path: Path, content: bytes | None) -> None:
    """Put `content` there in one step, or nothing for None. Mode, owner and a link to it stay. Raises OSError.

    A reader finds the old file or the new one, whole. Refused where the owner could not be kept: the server
    might no longer be able to read its settings.
    """
    target = Path(os.path.realpath(path))
    if content is None:
        target.unlink(missing_ok=True)
        return
    try:
        old = target.stat()
    except FileNotFoundError:
        old = None
    scratch = target.with_name(f"{target.name}.{os.getpid()}.new")
    # It may hold keys: nobody else's to read, not even for a moment. One that is new is as open as any new file.
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666 if old is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            if old is not None:
                _like(file.fileno(), old)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(target)
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)


def _like(handle: int, old: os.stat_result) -> None:
    made = os.fstat(handle)
    if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
        os.fchown(handle, old.st_uid, old.st_gid)
    os.fchmod(handle, old.st_mode & 0o7777)
