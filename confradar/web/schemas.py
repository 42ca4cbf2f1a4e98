"""The records of the readers' API as its OpenAPI document tells them; `publish.rows` makes them."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from confradar.deadlines.conference import Direction, Verdict
from confradar.deadlines.dates import Precision
from confradar.deadlines.listing import EntryType, Kind

AT = "2026-03-06T11:59:59+00:00"
GATE = "icml-2026/submission"


class Record(BaseModel):
    """No field is ever left out, and none comes that is not named here."""

    model_config = ConfigDict(extra="forbid")


class Rank(Record):
    """How a list ranks a conference."""

    list: str = Field(examples=["core"])
    value: str = Field(examples=["A*"])


class Conference(Record):
    """One edition. `id` never changes; that of a conference that was merged into another leads there."""

    id: str = Field(examples=["icml-2026"])
    title: str = Field(examples=["ICML"])
    acronym: str | None = Field(examples=["ICML"])
    full_name: str | None = Field(examples=["International Conference on Machine Learning"])
    year: int = Field(examples=[2026])
    type: EntryType
    series: str | None = Field(examples=["icml"])
    place: str | None = Field(examples=["Seoul, South Korea"])
    country: str | None = Field(examples=["South Korea"])
    online: bool | None
    starts_on: str | None = Field(examples=["2026-07-06"], json_schema_extra={"format": "date"})
    ends_on: str | None = Field(examples=["2026-07-11"], json_schema_extra={"format": "date"})
    website: str | None = Field(examples=["https://icml.cc/Conferences/2026"])
    topics: list[str] = Field(description="as the sources write them", examples=[["machine-learning"]])
    ranks: list[Rank]


class Published(Record):
    """The words of the source that says most exactly when it is."""

    text: str = Field(examples=["5 March 2026, 23:59"])
    zone: str | None = Field(examples=["AoE"])


class Moved(Record):
    """The newest move of a gate's date."""

    direction: Direction
    at: AwareDatetime = Field(description="when it was seen", examples=[AT])
    hours: float | None = Field(description="how far, negative towards the reader", examples=[-24.0])
    before: str | None = Field(examples=["6 March 2026, 23:59 AoE"])
    before_at: AwareDatetime | None = Field(examples=[AT])
    reverted: bool = Field(description="whether it is back where it had been before")


class Claim(Record):
    """What one source says, in its own words and as they were understood."""

    source: str = Field(examples=["wikicfp"])
    url: str = Field(description="the page that says so")
    text: str
    zone: str | None
    earliest: AwareDatetime | None
    latest: AwareDatetime | None
    precision: Precision
    reason: str | None = Field(description="why it is uncertain", examples=["no zone given"])
    estimated: bool = Field(description="whether the source itself guesses")
    extended_from: str | None
    first_seen_at: AwareDatetime
    last_confirmed_at: AwareDatetime
    not_seen_since: AwareDatetime | None


class Gate(Record):
    """A deadline. `safe_at` is the instant that is safe whoever is right; the truth lies in `earliest` to `latest`."""

    id: str = Field(examples=[GATE])
    kind: Kind
    round: int = Field(description="0 if there is only one")
    track: str
    safe_at: AwareDatetime | None = Field(examples=[AT])
    earliest: AwareDatetime | None = Field(examples=[AT])
    latest: AwareDatetime | None = Field(examples=[AT])
    precision: Precision | None
    published: Published | None
    uncertain_because: str | None
    verdict: Verdict
    sources: list[str] = Field(examples=[["ai_deadlines", "wikicfp"]])
    moved: Moved | None
    updated_at: AwareDatetime | None = Field(examples=[AT])
    last_confirmed_at: AwareDatetime | None = Field(examples=[AT])
    claims: list[Claim]


class Deadline(Gate):
    """A deadline, with its conference."""

    conference: Conference


class Mention(Record):
    """An entry of a source that speaks of a conference."""

    source: str
    url: str
    first_seen_at: AwareDatetime
    last_seen_at: AwareDatetime
    not_seen_since: AwareDatetime | None


class Whole(Conference):
    """All that is known of a conference."""

    deadlines: list[Gate]
    mentions: list[Mention]


class Change(Record):
    """What changed, and who said so. `field` is `date` for a date, `verdict` where a claim came or went."""

    id: int = Field(examples=[4711])
    at: AwareDatetime = Field(description="when it was seen", examples=[AT])
    conference: str = Field(examples=["icml-2026"])
    title: str
    deadline: str | None = Field(examples=[GATE])
    field: str = Field(examples=["date"])
    direction: Direction | None
    reverted: bool
    before: str | None
    after: str | None
    before_at: AwareDatetime | None
    after_at: AwareDatetime | None
    source: str | None
    url: str | None
    added_at: AwareDatetime | None = Field(description="when this line was added, if later than in its own night")


class Feed(Record):
    """A list of a source that is read."""

    name: str
    path: str
    why: str


class Crawl(Record):
    """How a source was last read."""

    status: str = Field(examples=["ok"])
    reason: str | None
    listings: int | None
    at: AwareDatetime | None


class Good(Record):
    """The last crawl that was good."""

    listings: int
    at: AwareDatetime


class Source(Record):
    """From where the dates come, and how well that goes."""

    name: str = Field(examples=["wikicfp"])
    home: str
    cadence: str
    feeds: list[Feed]
    last: Crawl | None
    last_good: Good | None


Next = str | None
NEXT = Field(description="the address of what comes after, null at the end", examples=["/api/v1/deadlines?cursor=W10"])


class Deadlines(Record):
    """A page of deadlines."""

    deadlines: list[Deadline]
    next: Next = NEXT


class Conferences(Record):
    """A page of conferences."""

    conferences: list[Conference]
    next: Next = NEXT


class Changes(Record):
    """A page of changes; `token` asks for those after it, and after what was still to come."""

    changes: list[Change]
    token: str = Field(description="`since` of the next question", examples=["YzQ3MTE"])
    next: Next = NEXT


class History(Record):
    """The changes of a conference, the newest first."""

    changes: list[Change]


class Sources(Record):
    """All sources."""

    sources: list[Source]


PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def problem(description: str) -> dict[str, Any]:
    """An answer that is no success, as the document tells it (RFC 9457)."""
    return {"description": description, "content": {"application/problem+json": {"schema": PROBLEM}}}
