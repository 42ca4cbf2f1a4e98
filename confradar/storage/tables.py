"""The tables of what we believe. Alembic owns them; the tests prove that its migrations give exactly these."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from confradar.storage.columns import Id, Instant, Json, metadata, tokens

series = Table(
    "series",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("acronym", Text),
    Column("name", Text, nullable=False),
)
series_name = Table(
    "series_name",
    metadata,
    Column("series_id", Id, ForeignKey("series.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("former", Boolean, nullable=False, server_default=text("false")),
)
conference = Table(
    "conference",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("title_key", Text, nullable=False, index=True),
    Column("series_id", Id, ForeignKey("series.id"), index=True),
    Column("type", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("year", Integer, nullable=False, index=True),
    Column("acronym", Text),
    Column("full_name", Text),
    Column("place", Text),
    Column("city", Text),
    Column("country", Text),
    Column("online", Boolean),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("website", Text),
    Column("topics", Json, nullable=False),
    Column("ranks", Json, nullable=False),
    Column("parent_id", Id, ForeignKey("conference.id")),
    Column("merged_into", Id, ForeignKey("conference.id")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # Derived, by which it is found: ` word word`, and `|topic:vision|country:FI|`.
    Column("search_text", Text, nullable=False, server_default=text("''")),
    Column("facets", Text, nullable=False, server_default=text("''")),
    Column("stored_at", Instant),  # since when this row is as it is, by the store's clock; NULL: from the beginning
)
for _name, _column, _between in (("words", conference.c.search_text, " "), ("facets", conference.c.facets, "|")):
    _found = Index(f"ix_conference_{_name}", tokens(_column, _between), postgresql_using="gin")
    _found.ddl_if(dialect="postgresql")  # SQLite reads
mention = Table(
    "mention",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source", String(40), nullable=False),
    Column("feed", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("url", Text, nullable=False),
    Column("conference_id", Id, ForeignKey("conference.id"), nullable=False, index=True),
    Column("evidence", Text, nullable=False),
    Column("identity_keys", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("first_run_id", Id, nullable=False),  # runs are purged after 90 days, mentions never: no foreign key
    Column("last_run_id", Id, nullable=False),
    Column("not_seen_since", Instant),
    Column("archived", Text),  # the page that holds its words, for `archive.find`
    Column("stored_at", Instant),  # as the conference's, but for what a mere confirmation changes
    Column("seen_from", Instant),  # `last_seen_at` as it was at `stored_at`
    UniqueConstraint("source", "feed", "ref", "year"),
)
deadline = Table(
    "deadline",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("conference_id", Id, ForeignKey("conference.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("round", Integer, nullable=False),
    Column("track", Text, nullable=False),
    Column("verdict", String(10), nullable=False),
    Column("earliest", Instant),
    Column("latest", Instant, index=True),
    Column("safe_at", Instant),
    Column("stored_at", Instant),
    UniqueConstraint("conference_id", "kind", "round", "track"),
    Index(None, "safe_at", "latest"),  # the order of every outlet; what has closed is passed over within it
)
claim = Table(
    "claim",
    metadata,
    Column("mention_id", Id, ForeignKey("mention.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("track", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("zone_text", Text),
    Column("earliest", Instant),
    Column("latest", Instant),
    Column("precision", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("extended_from", Text),
    Column("first_confirmed_at", Instant, nullable=False),
    Column("last_confirmed_at", Instant),
    Column("stored_at", Instant),
)
change = Table(
    "change",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("run_id", Id, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("conference_id", Id, ForeignKey("conference.id"), nullable=False, index=True),
    Column("deadline_id", Id, ForeignKey("deadline.id"), index=True),
    Column("mention_id", Id, ForeignKey("mention.id")),
    Column("field", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("before_at", Instant),
    Column("after_at", Instant),
    Column("direction", String(10)),
    Column("reverted", Boolean, nullable=False),
    Column("added_at", Instant),  # if it was added later than in its own night
    Column("stored_at", Instant),
)
identity_pin = Table(
    "identity_pin",
    metadata,
    Column("id", Id, primary_key=True),
    Column("first", Json, nullable=False),
    Column("second", Json, nullable=False),
    Column("together", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("lifted_at", Instant),  # since when it counts no more
)
