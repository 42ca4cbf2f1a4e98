"""WARC records as bytes: written by warcio, each compressed by itself, and read again past what is broken."""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from io import SEEK_END, BytesIO
from typing import BinaryIO
from urllib.parse import quote

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

VERSION = "WARC/1.1"
RECORD_MAX = 64 * 1024 * 1024  # of a record, unpacked; far above any page
HEADERS_MAX, VALUE_MAX = 200, 8192
CHUNK = 1 << 16
BEGINNING = 2048  # bytes of a broken record in which its address may stand
MEMBER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00"  # how each compressed record begins
Headers = Sequence[tuple[str, str]]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_PRINTABLE = "".join(map(chr, range(32, 127)))
_ADDRESS = re.compile(rb"WARC-Target-URI: ([!-~]{1,500})")


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file: its kind, its own fields, and of an answer the HTTP status, headers and body.

    Of a record that is broken only `broken` is true, and the address is there if it can be made out. `length` is the
    number of bytes that it takes in the file.
    """

    offset: int
    length: int
    kind: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    headers: Headers = ()
    body: bytes = b""
    broken: bool = False

    @property
    def url(self) -> str:
        """The address that was asked."""
        return self.fields.get("WARC-Target-URI", "")

    @property
    def at(self) -> datetime:
        """When the site answered. Raises KeyError or ValueError if the record does not say."""
        return instant(self.fields["WARC-Date"])


def iso(at: datetime) -> str:
    """An instant as records write it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def instant(written: str) -> datetime:
    """Read what `iso` wrote. Raises ValueError."""
    return datetime.fromisoformat(written).astimezone(UTC)


def plain(headers: Sequence[tuple[bytes, bytes]], length: int) -> Headers:
    """HTTP headers fit for a record of a body of that length: printable, bounded, without a transfer's encoding."""
    told = [
        (name, quote(value[:VALUE_MAX], safe=_PRINTABLE).strip())
        for name, value in ((name.decode("latin-1"), value) for name, value in headers[:HEADERS_MAX])
        if _NAME.fullmatch(name) and name.lower() not in ("content-length", "transfer-encoding", "content-encoding")
    ]
    return [*told, ("Content-Length", str(length))]


def packed(kind: str, fields: Mapping[str, str], status: int, headers: Headers, body: bytes) -> bytes:
    """A record of an answer, `response` or `revisit` (which has no body), compressed."""
    try:
        words = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        words = f"{status} Unknown"
    http = StatusAndHeaders(words, list(headers), protocol="HTTP/1.1")
    stream = BytesIO()
    writer = WARCWriter(stream, warc_version=VERSION)
    whole = {"payload": BytesIO(body), "length": len(body)} if kind == "response" else {}
    url = fields["WARC-Target-URI"]
    record = writer.create_warc_record(url, kind, warc_headers_dict=dict(fields), http_headers=http, **whole)
    writer.write_record(record)
    return stream.getvalue()


def packed_info(name: str, said: Mapping[str, str]) -> bytes:
    """The record with which a file of that name begins."""
    stream = BytesIO()
    writer = WARCWriter(stream, warc_version=VERSION)
    writer.write_record(writer.create_warcinfo_record(name, dict(said)))
    return stream.getvalue()


def records(stream: BinaryIO) -> Iterator[Record]:
    """All records of a file; after a broken one it goes on with the next that can be found."""
    offset = 0
    with _mapped(stream) as data:
        while 0 <= offset < len(data):
            found = _read(data, offset)
            yield found
            offset = data.find(MEMBER, offset + 1) if found.broken else offset + found.length


def record_at(stream: BinaryIO, offset: int) -> Record:
    """The record that begins there; nothing else is read."""
    with _mapped(stream) as data:
        return _read(data, offset)


@contextmanager
def _mapped(stream: BinaryIO) -> Iterator[mmap.mmap]:
    if not stream.seek(0, SEEK_END):
        with mmap.mmap(-1, 1) as nothing:  # a file of no bytes cannot be mapped
            yield nothing
        return
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def _read(data: mmap.mmap, offset: int) -> Record:
    block, length, whole = _unpacked(data, offset)
    address = _ADDRESS.search(block[:CHUNK])
    broken = Record(offset, length, fields={"WARC-Target-URI": address[1].decode()} if address else {}, broken=True)
    if not whole:
        return broken
    try:
        record = next(iter(ArchiveIterator(BytesIO(block))))
        http = record.http_headers
        fields = dict(record.rec_headers.headers)
        status = int(http.get_statuscode()) if http else 0
        headers = tuple(http.headers) if http else ()
        return Record(offset, length, record.rec_type or "", fields, status, headers, record.raw_stream.read())
    except (ArchiveLoadFailed, StatusAndHeadersParserException, StopIteration, ValueError):
        return broken


def _unpacked(data: mmap.mmap, offset: int) -> tuple[bytes, int, bool]:
    """What is compressed there, the length of that in bytes, and whether it is whole."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
    block, read = bytearray(), 0
    try:
        while not unpacker.eof and len(block) <= RECORD_MAX:
            piece = unpacker.unconsumed_tail or data[offset + read : offset + read + CHUNK]
            read += 0 if unpacker.unconsumed_tail else len(piece)
            if not piece:
                break
            block += unpacker.decompress(piece, CHUNK * 16)
    except zlib.error:
        return _legible(data, offset), read, False
    return bytes(block), read - len(unpacker.unused_data), unpacker.eof


def _legible(data: mmap.mmap, offset: int) -> bytes:
    """What can be read of the beginning of something that is broken."""
    unpacker, block = zlib.decompressobj(zlib.MAX_WBITS + 16), bytearray()
    with suppress(zlib.error):
        for place in range(offset, min(offset + BEGINNING, len(data))):
            block += unpacker.decompress(data[place : place + 1])
    return bytes(block)
