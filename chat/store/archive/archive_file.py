"""Format of a backup: a zip file with one member per table, one member of keys, and a manifest.

A table's member has one JSON array per row and line, in the order of its primary key. The manifest, which is written
last, has the number of rows and the SHA-256 of each member. The zip file's comment has the SHA-256 of the manifest. So
a backup that is cut short or changed anywhere is recognised before anything is restored from it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any

import msgspec

from chat.errors import MaintenanceRefused

FORMAT = 1
_MANIFEST = "manifest.json"
_KEYS = "keys.json"
_COMMENT = "parley backup sha256="
# Fast, and the file is about as small as with higher levels.
_COMPRESSION_LEVEL = 3
_CHUNK = 256 * 1024
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, msgspec.MsgspecError, OSError, EOFError, NotImplementedError,
    RuntimeError, KeyError, ValueError, OverflowError,
)  # fmt: skip

# Called with the number of rows that were processed since the last call.
Advance = Callable[[int], None]


class NotWritten(MaintenanceRefused):
    """The file of a backup cannot be written. No OSError, which a database would take for one of its own."""

    def __init__(self, error: OSError) -> None:
        self.reason = error.strerror or str(error)
        super().__init__(f"The file cannot be written: {self.reason}.")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A table in a backup. `last_id` is the largest id that was ever used, 0 for a table without such ids."""

    table: str
    columns: tuple[str, ...]
    rows: int
    sha256: str
    last_id: int = 0


class Step(msgspec.Struct, frozen=True):
    """A migration step of the database: see `Step` in `engines/contract.py`."""

    name: str
    runs_with: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The kind of a backup, and its contents. `steps` are migrations of its kind of database."""

    format: int
    engine: str
    program: str
    created_at: str
    steps: tuple[Step, ...]
    tables: tuple[Member, ...]
    keys_sha256: str

    @property
    def rows(self) -> int:
        return sum(member.rows for member in self.tables)


class _Format(msgspec.Struct):
    format: int


class ArchiveWriter:
    """Writer of a backup into an open file. A context manager, which ends before the file is closed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION_LEVEL)

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError, ValueError):  # of a file that could not be written to its end
            self._zip.close()

    def write_table(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], last_id: int, advance: Advance
    ) -> Member:
        with self._zip.open(f"{table}.jsonl", "w", force_zip64=True) as member:
            digest = RowsDigest(advance, member.write)
            digest.add_all(rows)
        return Member(table=table, columns=tuple(columns), rows=digest.rows, sha256=digest.sha256, last_id=last_id)

    def write_keys(self, keys: dict[str, bytes]) -> str:
        """Write the keys and return their digest."""
        encoded = msgspec.json.encode(keys)
        self._zip.writestr(_KEYS, encoded)
        return hashlib.sha256(encoded).hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest. Without it, the file is no backup."""
        encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        self._zip.writestr(_MANIFEST, encoded)
        self._zip.comment = f"{_COMMENT}{hashlib.sha256(encoded).hexdigest()}".encode()
        self._zip.close()


class ArchiveReader:
    """A backup in an open file. Raises MaintenanceRefused if it is no backup, or a damaged one."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._name = name
        with self._translate_errors():
            self._zip = zipfile.ZipFile(file)
            if any(member.compress_type != zipfile.ZIP_DEFLATED for member in self._zip.infolist()):
                raise ValueError
            encoded = self._read(_MANIFEST)
            version = msgspec.json.decode(encoded, type=_Format).format
            if version != FORMAT:
                raise MaintenanceRefused(f"{name} has format {version} of a later version of this program.")
            if self._zip.comment != f"{_COMMENT}{hashlib.sha256(encoded).hexdigest()}".encode():
                raise ValueError
            self.manifest = msgspec.json.decode(encoded, type=Manifest)

    def verify(self, advance: Advance) -> None:
        """Read the whole backup and compare its digests."""
        with self._translate_errors():
            for member in self.manifest.tables:
                if self._digest(member, advance) != (member.rows, member.sha256):
                    raise ValueError
            if hashlib.sha256(self._read(_KEYS)).hexdigest() != self.manifest.keys_sha256:
                raise ValueError

    def rows(self, member: Member) -> Iterator[list[Any]]:
        """Yield the rows of a table. Call `verify` first."""
        decoder = msgspec.json.Decoder(list[Any])
        with self._open(member) as lines:
            yield from map(decoder.decode, lines)

    def keys(self) -> dict[str, bytes]:
        return msgspec.json.decode(self._read(_KEYS), type=dict[str, bytes])

    def _digest(self, member: Member, advance: Advance) -> tuple[int, str]:
        digest, rows = hashlib.sha256(), 0
        with self._open(member) as content:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
                count = chunk.count(b"\n")
                rows += count
                advance(count)
        return rows, digest.hexdigest()

    def _open(self, member: Member) -> io.BufferedReader:
        content: Any = self._zip.open(f"{member.table}.jsonl")
        return io.BufferedReader(content, _CHUNK)

    def _read(self, member: str) -> bytes:
        return self._zip.read(member)

    @contextlib.contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except _UNREADABLE:
            raise MaintenanceRefused(
                f"{self._name} is no complete backup: it is cut short, damaged, or another kind of file."
            ) from None


class RowsDigest:
    """Digest of the rows of a table, as a backup's member contains them. Each chunk of them is passed to `write`."""

    def __init__(self, advance: Advance, write: Callable[[bytearray], object] = len) -> None:
        self.rows = 0
        self._advance = advance
        self._write = write
        self._encoder = msgspec.json.Encoder()
        self._chunk = bytearray()
        self._rows_of_chunk = 0
        self._sha256 = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def tee(self, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """Yield the same rows, each after it was added."""
        for row in rows:
            self._encoder.encode_into([_plain(value) for value in row], self._chunk, -1)
            self._chunk += b"\n"
            self._rows_of_chunk += 1
            if len(self._chunk) >= _CHUNK:
                self._flush()
            yield row
        self._flush()

    def add_all(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add all rows."""
        for _ in self.tee(rows):
            pass

    def _flush(self) -> None:
        self._sha256.update(self._chunk)
        self._write(self._chunk)
        self.rows += self._rows_of_chunk
        self._advance(self._rows_of_chunk)
        self._chunk = bytearray()
        self._rows_of_chunk = 0


def _plain(value: Any) -> Any:
    """Return a value as it is in every engine: a flag is 0 or 1."""
    if value is True or value is False:
        return int(value)
    if isinstance(value, bytes):
        raise MaintenanceRefused("The database contains binary data in a column of text.")
    return value
