"""Texts that are hard to read: the same ones each time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from confradar.deadlines import names
from confradar.deadlines.dates import Edition, is_state, parse_days, resolve
from confradar.deadlines.listing import Kind
from confradar.deadlines.zones import read_zone
from confradar.sources.gates import unread_dates, written_dates

# Whatever reads words of strangers that no rule of a record has bounded yet.
READERS: dict[str, Callable[[str], object]] = {
    "date": lambda text: resolve(text, None, kind=Kind.SUBMISSION, edition=Edition(2026)),
    "date and zone": lambda text: resolve(text, text, kind=Kind.REBUTTAL_START, edition=Edition(2026)),
    "days": lambda text: parse_days(text, 2026),
    "state": is_state,
    "zone": read_zone,
    "gates": lambda text: written_dates([text]),
    "unread": lambda text: list(unread_dates([text])),
    "title": names.title_key,
    "undated": names.undated,
    "round": names.named_round,
    "acronym": lambda text: names.acronym(text, 2026),
}

PIECES = (
    "1", "12", "31", "May", "February", "mayyyyyyyyyy", "-", "--", ",", ";", ":", "/", ".", "(", ")", "~~", "<s>",
    "</s>", "to", "and", "extended to", "was", "→", "->", "T", "Z", "am", "23:59", "25:61", "UTC", "UTC-12", "AoE",
    "Etc/GMT-14", "ﷺ", "½", "１", "𝗠𝗮𝘆", "M\u0336", "Monday", "Abstract:", "paper:", "2026", "2026-", "midnight",
    "at", "new deadline", "\n", "\u202e", "e\u0301", "\U0010ffff", "rebuttal ", "\u0323\u0307", "IST ", "  ",
)  # fmt: skip
LENGTHS = (20, 100, 499, 500, 501, 10_000)


def longest_texts(count: int) -> Iterator[str]:
    """Each piece alone and each pair, repeated, then mixtures of all; so many in all, from a fixed seed."""
    choose = random.Random(2026)
    pairs = [(one + blank + other) for one in PIECES for other in PIECES for blank in ("", " ")]
    repeated = [*PIECES, *choose.sample(pairs, len(pairs))]
    for number in range(count):
        length = LENGTHS[number % len(LENGTHS)]
        if number % 2 and number // 2 < len(repeated):
            yield (repeated[number // 2] * length)[:length]
        else:
            mixed = "".join(choose.choice(PIECES) + choose.choice(("", " ")) for _ in range(length))
            yield mixed[:length]
