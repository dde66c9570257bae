"""Bounded decompression of response bodies.

Requests ask for no compression (`Accept-Encoding: identity`), because compressed streams arrive in large pieces. Some
proxies compress anyway.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator

import httpx2

from chat.runtime.threads import yield_now

_PIECE_BYTES = 64 * 1024
# Events repeat most of their bytes, so they compress well, but far below deflate's maximum of 1,000 to 1.
_MAX_RATIO = 250
_RATIO_COUNTS_FROM = 1024 * 1024
_YIELD_EVERY_S = 0.01
_HEAD_BYTES = 2

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_BARE_DEFLATE = -zlib.MAX_WBITS
_DEFLATE = frozenset({"gzip", "x-gzip", "deflate", "x-deflate"})
_UNREADABLE = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz", "bzip2", "xz", "lzma", "lz4", "snappy"})


class Decompressed(httpx2.SyncByteStream):
    """The decompressed body, in pieces as they arrive. Raises DecodingError for invalid data or an excessive ratio."""

    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        decoder: zlib._Decompress | None = None
        bytes_in = bytes_out = 0
        yielded_at = time.monotonic()
        for received in _with_whole_head(self._stream):
            decoder = decoder or _suited_decoder(received)
            bytes_in += len(received)
            rest = received
            while rest:
                piece, rest, decoder = _piece(decoder, rest)
                bytes_out += len(piece)
                if bytes_out > _RATIO_COUNTS_FROM and bytes_out > _MAX_RATIO * bytes_in:
                    raise httpx2.DecodingError("the answer grows too much when it is decompressed")
                if piece:
                    yield piece
                if time.monotonic() - yielded_at > _YIELD_EVERY_S:
                    yield_now()
                    yielded_at = time.monotonic()

    def close(self) -> None:
        self._stream.close()


def _with_whole_head(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces of `stream`, the first with at least the two bytes that tell its format."""
    pieces, head = iter(stream), b""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD_BYTES:
            break
    yield head
    yield from pieces


def _suited_decoder(head: bytes) -> zlib._Decompress:
    """Return a decoder for the stream's format.

    `deflate` means zlib's format, but some senders omit its header.
    """
    try:
        zlib.decompressobj(_GZIP_OR_ZLIB).decompress(head, 1)
    except zlib.error:
        return zlib.decompressobj(_BARE_DEFLATE)
    return zlib.decompressobj(_GZIP_OR_ZLIB)


def _piece(decoder: zlib._Decompress, data: bytes) -> tuple[bytes, bytes, zlib._Decompress]:
    """Return the next decompressed piece, the rest of `data`, and the decoder for the rest."""
    try:
        piece = decoder.decompress(data, _PIECE_BYTES)
    except zlib.error as error:
        raise httpx2.DecodingError("the answer cannot be decompressed") from error
    if decoder.eof and decoder.unused_data:
        return piece, decoder.unused_data, zlib.decompressobj(_GZIP_OR_ZLIB)
    return piece, decoder.unconsumed_tail, decoder


def decoded(stream: httpx2.SyncByteStream, headers: Iterable[tuple[bytes, bytes]]) -> httpx2.SyncByteStream:
    """Return `stream` decompressed. Raises DecodingError for a compression that this program does not know.

    Other codings say nothing about compression: some senders name a character set there, or the content's type.
    """
    for name, value in headers:
        if name.lower() == b"content-encoding":
            for coding in reversed(value.decode("latin-1").lower().split(",")):
                name_only = coding.partition(";")[0].strip()
                if name_only in _DEFLATE:
                    stream = Decompressed(stream)
                elif name_only in _UNREADABLE:
                    stream.close()
                    raise httpx2.DecodingError(
                        f"the answer is compressed ({name_only}) although no compression is asked for"
                    )
    return stream
