"""Rewriting of `.env`: one setting changes in its place, everything else stays.

`config/settings.py` reads the file.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path

from dotenv.parser import parse_stream

_BOM = "\ufeff"
# Before the name on a line; and after its value: a comment, the end of the line.
_LEAD = re.compile(r"\s*(?:export[^\S\r\n]+)?")
_TAIL = re.compile(r"(?:[^\S\r\n]+#[^\r\n]*)?[^\S\r\n]*(?:\r\n|\n|\r)?\Z")


def with_setting(content: bytes, name: str, value: str) -> bytes:
    """Return `content` of a `.env` with `name` set to `value`, on each line that sets it or on a new last line.

    `value` needs no quotes. Raises UnicodeDecodeError.
    """
    text = content.decode("utf-8")
    body = text.removeprefix(_BOM)
    is_set = False
    parts = []
    for line in parse_stream(io.StringIO(body)):
        if line.key == name:
            is_set = True
            parts.append(_changed(line.original.string, name, value))
        else:
            parts.append(line.original.string)
    if not is_set:
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
    """Return the content of the file, None if there is none. Raises OSError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def write(path: Path, content: bytes | None) -> None:
    """Replace the file atomically by `content`, or remove it for None. Keeps mode, owner and symbolic links.

    Raises OSError, also if the owner cannot be kept: the server might no longer be able to read the file.
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
    # It may hold keys, so other users must never be able to read the copy. A new file gets the usual mode.
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666 if old is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            if old is not None:
                _copy_owner_and_mode(file.fileno(), old)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(target)
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)


def _copy_owner_and_mode(handle: int, old: os.stat_result) -> None:
    new = os.fstat(handle)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        os.fchown(handle, old.st_uid, old.st_gid)
    os.fchmod(handle, old.st_mode & 0o7777)
