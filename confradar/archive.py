"""The archive: what sites answered in each crawl, as WARC files from which it can be replayed.

One file for each run, source and attempt, below a folder that all nodes share. A page that did not change is written
once and named by revisit records for a month, then written whole again: so a file that is a month older than the
oldest one to be replayed can go. Bodies are kept as they are read, unpacked, so that equal pages are equal.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from confradar import warc
from confradar.errors import BrokenArchive

WHOLE_EVERY = timedelta(days=30)
KEPT = "kept"  # in the archive's folder: single pages that are needed longer, by digest
INDEX = "pages.json"  # in a source's folder: its last good copy of each page
PROFILES = {
    200: "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    304: "http://netpreserve.org/warc/1.1/revisit/server-not-modified",
}
INSTANT = "%Y-%m-%dT%H%M%S.%fZ"
_FILE = re.compile(r"(?P<at>[^.]+\.\d{6}Z)\.(?P<run>.+)\.(?P<attempt>\d+)\.warc\.gz")
_REFERENCE = re.compile(r"(?P<file>\w+/[^/#]+)#(?P<offset>\d{1,15}) (?P<digest>sha256:[0-9a-f]{64})")
_CRAWL = re.compile(rb"^confradar-crawl: (.*)\r$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Copy:
    """Where the answer to a request is: file (within the archive) and offset of the record that has the body.

    `cookies` are those that the request brings along by itself. `at` is when the site answered, `written_at` when it
    sent the body. `digest` is that of the body. `etag` and `modified` are what the site calls this version.
    """

    url: str
    cookies: str
    status: int
    at: datetime
    written_at: datetime
    file: str
    offset: int
    digest: str
    content_type: str = ""
    etag: str = ""
    modified: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The request that it answers."""
        return self.url, self.cookies

    @property
    def reference(self) -> str:
        """What `find` takes."""
        return f"{self.file}#{self.offset} {self.digest}"


@dataclass(frozen=True, slots=True)
class Found:
    """An archived answer: what it was, when it came, and where it lies."""

    url: str
    at: datetime
    status: int
    headers: warc.Headers
    body: bytes
    digest: str
    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class File:
    """A file of the archive: its name within the folder, and the run, its logical instant and the attempt it is of."""

    name: str
    source: str
    instant: datetime
    run: str
    attempt: int


def file_name(source: str, instant: datetime, run: str, attempt: int) -> str:
    """The name of an attempt's file within the archive: those of a source are in the order of their instants."""
    return f"{source}/{instant.astimezone(UTC):{INSTANT}}.{quote(run, safe='')}.{attempt}.warc.gz"


def files(folder: Path, *, source: str = "*", run: str | None = None) -> list[File]:
    """The files of the archive (of a source, of a run), by source, instant and attempt."""
    found = []
    for path in folder.glob(f"{source}/*.warc.gz"):
        if parts := _FILE.fullmatch(path.name):
            at = datetime.strptime(parts["at"], INSTANT).replace(tzinfo=UTC)
            name, attempt = f"{path.parent.name}/{path.name}", int(parts["attempt"])
            found.append(File(name, path.parent.name, at, unquote(parts["run"]), attempt))
    mine = (file for file in found if run in (None, file.run))
    return sorted(mine, key=lambda file: (file.source, file.instant, file.run, file.attempt))


class Writer:
    """Writes the file of one attempt. What would make it larger than `most` bytes is left out."""

    def __init__(self, folder: Path, file: str, crawl: Mapping[str, Any], *, most: int) -> None:
        """Begin the file with what is known of the crawl. Raises OSError, also if the file is there already."""
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file, self._most, self._length = file, most, 0
        self._out = path.open("xb", buffering=0)
        about = {"software": "ConfRadar", "format": "WARC File Format 1.1", "confradar-crawl": json.dumps(crawl)}
        self._add(warc.packed_info(path.name, about))

    def write(
        self,
        request: tuple[str, str],
        status: int,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        *,
        at: datetime,
        last: Copy | None,
    ) -> Copy | None:
        """Keep an answer: whole, or as a revisit if it is the page of the `last` copy still. None if there is no room.

        `request` is as `Copy.key`. A 304 has its last copy. Raises OSError.
        """
        url, cookies = request
        plain = warc.plain(headers, len(body))
        said = {name.lower(): value for name, value in plain}
        kind, etag, modified = said.get("content-type", ""), said.get("etag", ""), said.get("last-modified", "")
        copy = Copy(url, cookies, status, at, at, self._file, self._length, _digest(body), kind, etag, modified)
        fields = {"WARC-Date": warc.iso(at), "WARC-Target-URI": url, "WARC-Payload-Digest": copy.digest}
        fields |= {"ConfRadar-Cookies": cookies} if cookies else {}
        same = last and (status, copy.digest, kind) == (last.status, last.digest, last.content_type)
        if last and (status == 304 or (same and at - last.written_at < WHOLE_EVERY)):
            copy = replace(last, at=at, etag=etag or last.etag, modified=modified or last.modified)
            fields |= {
                "WARC-Profile": PROFILES[status],
                "WARC-Payload-Digest": last.digest,
                "WARC-Refers-To-Target-URI": last.url,
                "WARC-Refers-To-Date": warc.iso(last.written_at),
                "ConfRadar-Refers-To": f"{last.file}#{last.offset}",
            }
            return copy if self._add(warc.packed("revisit", fields, status, plain, b"")) else None
        return copy if self._add(warc.packed("response", fields, status, plain, body)) else None

    def _add(self, record: bytes) -> bool:
        if self._length + len(record) > self._most:
            return False
        self._out.write(record)
        self._length += len(record)
        return True


def copies(folder: Path, file: str, broken: Callable[[str], None]) -> Iterator[Copy]:
    """The copies that a file has, in the order in which they came. `broken` is told of each record that is left out."""
    try:
        with (folder / file).open("rb") as stream:
            for record in warc.records(stream):
                if record.kind == "warcinfo":
                    continue
                try:
                    yield _copy(record, file)
                except (KeyError, ValueError):
                    told = f"{folder / file}, offset {record.offset}: a broken record, left out"
                    broken(f"{told} (address {record.url or 'unknown'})")
    except OSError as error:
        broken(f"{folder / file}: not readable: {error}")


def crawl_of(folder: Path, file: str) -> dict[str, Any]:
    """What the first record of a file says of its crawl; empty if it is broken, says nothing, or is not there."""
    try:
        with (folder / file).open("rb") as stream:
            said = _CRAWL.search(warc.record_at(stream, 0).body)
        found = json.loads(said[1]) if said else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def find(folder: Path, reference: str) -> Found:
    """The archived answer of that reference, also where retention has put it.

    Raises BrokenArchive, naming file, offset and address, if it is gone or damaged.
    """
    parts = _REFERENCE.fullmatch(reference)
    if parts is None:
        raise BrokenArchive(f"{reference[:200]!r} names no page of the archive")
    digest, place, offset = parts["digest"], folder / parts["file"], int(parts["offset"])
    if not place.exists():
        place, offset = folder / _alone(digest), 0
    try:
        with place.open("rb") as stream:
            record = warc.record_at(stream, offset)
    except FileNotFoundError:
        raise BrokenArchive(f"{folder / parts['file']} is gone: archives are kept for a time only") from None
    except OSError as error:
        raise BrokenArchive(f"{place}: not readable: {error}") from error
    if record.broken or record.kind != "response" or _digest(record.body) != digest:
        told = f"{place}, offset {offset}: the record is damaged"
        raise BrokenArchive(f"{told} (address {record.url or 'unknown'}); crawl the page again")
    name = f"{place.relative_to(folder)}"
    return Found(record.url, record.at, record.status, record.headers, record.body, digest, name, offset)


def last_copies(folder: Path, source: str, *, now: datetime) -> dict[tuple[str, str], Copy]:
    """The last good copy of each page of a source that is young enough to be referred to, by its request."""
    try:
        rows = json.loads((folder / source / INDEX).read_bytes())
        found = [
            Copy(**{**row, **{part: datetime.fromisoformat(row[part]) for part in ("at", "written_at")}})
            for row in rows
        ]
    except (OSError, ValueError, TypeError, KeyError):  # there is none yet, or it is damaged: pages are written whole
        return {}
    return {copy.key: copy for copy in found if now - copy.written_at < WHOLE_EVERY}


def keep_copies(folder: Path, source: str, found: Mapping[tuple[str, str], Copy]) -> None:
    """Write what `last_copies` reads: all of it or nothing. Raises OSError."""
    target = folder / source / INDEX
    draft = target.with_name(f".{INDEX}.{os.getpid()}")
    draft.write_text(json.dumps([asdict(copy) for copy in found.values()], default=datetime.isoformat))
    draft.replace(target)


def purge(folder: Path, *, before: datetime, needed: Collection[str], dry_run: bool = False) -> dict[str, int]:
    """Delete the files that were written before that instant and a month; keep the pages of `needed` references alone.

    A page that is kept alone goes when it is needed no more. Killed in between, the next call goes on. Returns how
    many `files` went, and how many such `pages`.
    """
    pages = [parts for reference in needed if (parts := _REFERENCE.fullmatch(reference))]
    oldest = (before - WHOLE_EVERY).timestamp()
    old = [file.name for file in files(folder) if (folder / file.name).stat().st_mtime < oldest]
    alone = {path.relative_to(folder) for path in folder.glob(f"{KEPT}/*.gz")}
    idle = alone - {_alone(page["digest"]) for page in pages}
    if not dry_run:
        for page in pages:
            if page["file"] in old and _alone(page["digest"]) not in alone:
                _keep_alone(folder, page["file"], int(page["offset"]), folder / _alone(page["digest"]))
        for gone in (*map(Path, old), *idle):
            (folder / gone).unlink(missing_ok=True)
    return {"files": len(old), "pages": len(idle)}


def _keep_alone(folder: Path, file: str, offset: int, target: Path) -> None:
    """Put the record of a page, as it is, into a file of its own."""
    with (folder / file).open("rb") as stream:
        found = warc.record_at(stream, offset)
        stream.seek(offset)
        record = stream.read(found.length)
    if found.broken:
        return
    target.parent.mkdir(exist_ok=True)
    draft = target.with_suffix(".new")
    draft.write_bytes(record)
    draft.replace(target)


def _alone(digest: str) -> Path:
    return Path(KEPT, f"{digest.partition(':')[2]}.warc.gz")


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _copy(record: warc.Record, file: str) -> Copy:
    """The copy that a record is, or refers to. Raises KeyError, ValueError for one that is broken or not of ours."""
    said, fields = {name.lower(): value for name, value in record.headers}, record.fields
    written_at, offset, status = record.at, record.offset, record.status
    if record.kind == "revisit":
        file, _, place = fields["ConfRadar-Refers-To"].partition("#")
        written_at, offset, status = warc.instant(fields["WARC-Refers-To-Date"]), int(place), 200
    version = (said.get(name, "") for name in ("content-type", "etag", "last-modified"))
    cookies, digest = fields.get("ConfRadar-Cookies", ""), fields["WARC-Payload-Digest"]
    return Copy(record.url, cookies, status, record.at, written_at, file, offset, digest, *version)
