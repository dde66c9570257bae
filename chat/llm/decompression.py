"""Bodies that come compressed although nobody asked for it. What they grow to is bounded.

Compressed streams come in lumps, so requests ask for none (`Accept-Encoding: identity`); some proxies compress anyway.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator

import httpx2

from chat.runtime.threads import breathe

_PIECE_BYTES = 64 * 1024
# Events repeat their wrapping, so they compress well, but not so well: deflate's best is 1,000 to 1.
_MAX_RATIO = 250
_RATIO_COUNTS_FROM = 1024 * 1024
_YIELD_EVERY_S = 0.01

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_BARE_DEFLATE = -zlib.MAX_WBITS
_IDENTITY = frozenset({"", "identity", "none"})
_DEFLATE = frozenset({"gzip", "x-gzip", "deflate"})


class Decompressed(httpx2.SyncByteStream):
    """The text of a compressed body, in pieces as they come. Raises DecodingError for what is none, or a bomb."""

    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream
        self._wbits = _GZIP_OR_ZLIB

    def __iter__(self) -> Iterator[bytes]:
        decoder = zlib.decompressobj(self._wbits)
        taken = given = 0
        yielded_at = time.monotonic()
        for received in self._stream:
            decoder = self._suited(decoder, received, first=not taken)
            taken += len(received)
            rest = received
            while rest:
                piece, rest, decoder = _piece(decoder, rest)
                given += len(piece)
                if given > _RATIO_COUNTS_FROM and given > _MAX_RATIO * taken:
                    raise httpx2.DecodingError("the answer grows too much when it is decompressed")
                if piece:
                    yield piece
                if time.monotonic() - yielded_at > _YIELD_EVERY_S:
                    breathe()
                    yielded_at = time.monotonic()

    def close(self) -> None:
        self._stream.close()

    def _suited(self, decoder: zlib._Decompress, received: bytes, *, first: bool) -> zlib._Decompress:
        """`deflate` should mean zlib's format, but some send it without zlib's head."""
        if not first:
            return decoder
        try:
            decoder.copy().decompress(received, 1)
        except zlib.error:
            return zlib.decompressobj(_BARE_DEFLATE)
        return decoder


def _piece(decoder: zlib._Decompress, data: bytes) -> tuple[bytes, bytes, zlib._Decompress]:
    """The next piece of text, what is left of `data`, and who decodes that."""
    try:
        piece = decoder.decompress(data, _PIECE_BYTES)
    except zlib.error as error:
        raise httpx2.DecodingError("the answer cannot be decompressed") from error
    if decoder.eof and decoder.unused_data:
        return piece, decoder.unused_data, zlib.decompressobj(_GZIP_OR_ZLIB)
    return piece, decoder.unconsumed_tail, decoder


def decoded(stream: httpx2.SyncByteStream, headers: Iterable[tuple[bytes, bytes]]) -> httpx2.SyncByteStream:
    """`stream` as text. Raises DecodingError for a coding that is not known."""
    for name, value in headers:
        if name.lower() == b"content-encoding":
            for coding in reversed(value.decode("latin-1").lower().split(",")):
                if coding.strip() in _DEFLATE:
                    stream = Decompressed(stream)
                elif coding.strip() not in _IDENTITY:
                    stream.close()
                    raise httpx2.DecodingError("the answer is compressed in a way that is not known")
    return stream
