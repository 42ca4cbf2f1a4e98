"""Texts that are hard to read: the same ones each time."""

from __future__ import annotations

import random
from collections.abc import Iterator

PIECES = (
    "1", "12", "31", "May", "February", "mayyyyyyyyyy", "-", "--", ",", ";", ":", "/", ".", "(", ")", "~~", "<s>",
    "</s>", "to", "and", "extended to", "was", "→", "->", "T", "Z", "am", "23:59", "25:61", "UTC", "UTC-12", "AoE",
    "Etc/GMT-14", "ﷺ", "½", "１", "𝗠𝗮𝘆", "M\u0336", "Monday", "Abstract:", "paper:", "2026", "2026-", "midnight",
    "at", "new deadline", "\n", "\u202e", "e\u0301", "\U0010ffff",
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
