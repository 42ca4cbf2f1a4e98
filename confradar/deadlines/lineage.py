"""Which series an edition belongs to: by acronym, and among series that share one by the full name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rapidfuzz.fuzz import token_set_ratio

from confradar.deadlines import names
from confradar.deadlines.conference import Conference, Known, Merged, Series, SeriesName
from confradar.deadlines.identity import Cluster
from confradar.deadlines.likeness import ALIKE, LONG
from confradar.deadlines.listing import SHORT_MAX, Listing

APART = ": "  # in a series' key, between the acronym and the name that tells it from another of that acronym


class Lineages:
    """The series that are known and those that a night adds, with their names.

    The names that are learned here tell the series of an edition; which mentions are one edition they do not decide.
    That hangs on the mentions alone: with a name learned some night before, it would hang on their order, and a wrong
    merge would teach the next one. An alias within an edition needs no learning, since a common full name, title or
    address brings its mentions together; one that no mention explains is declared in `names.OTHER_NAMES`.
    """

    def __init__(self, known: Known, merged: Merged) -> None:
        self.merged, self.free = merged, known.next_series
        self.series = {series.id: series for series in known.series.values()}
        self.sharing: defaultdict[str, list[int]] = defaultdict(list)  # by acronym, the oldest first
        self.told: defaultdict[int, set[str]] = defaultdict(set)  # full names in the form that is compared
        for series in sorted(known.series.values(), key=lambda one: one.id):
            acronym, _, name = series.key.partition(APART)
            self.sharing[acronym].append(series.id)
            self.told[series.id].update({name} - {""})
        self.known = set(known.series_names)
        for number, name in self.known:
            self._learn(number, name)

    def of(self, found: Cluster, listings: Sequence[Listing], before: Conference | None) -> int:
        """The id of the series of an edition, which is made if there is none; the edition's names become its names."""
        name, sharing = found.full_name, self.sharing[found.series_key]
        number = before.series_id if before and before.series_id in sharing else None
        if number is None or not self._fits(number, found):
            number = next((one for one in sharing if self._fits(one, found)), None)
        if number is None:
            number = self.free + len(self.merged.new_series)
            key = found.series_key
            if sharing:
                key += APART + name
                self.told[number].add(name)
            series = Series(number, key, _first(one.acronym for one in listings), _named(listings))
            self.series[number] = series
            sharing.append(number)
            self.merged.new_series.append(series)
        self._name(number, listings)
        return number

    def _fits(self, number: int, found: Cluster) -> bool:
        """Whether no full name of the series contradicts the edition's. A long acronym is not shared."""
        told = self.told[number]
        if not told or not found.full_name or len(found.series_key) >= LONG:
            return True
        return any(token_set_ratio(one, found.full_name, processor=None) >= ALIKE for one in told)

    def _name(self, number: int, listings: Sequence[Listing]) -> None:
        said = {(one.acronym, True) for one in listings if one.acronym}
        said |= {(one.full_name, False) for one in listings if one.full_name}
        for name, short in sorted(said):
            plain = names.undated(name)
            if (number, plain) not in self.known and len(plain) <= SHORT_MAX:
                self.known.add((number, plain))
                former = short and "".join(names.words(name)) in names.FORMER
                self.merged.new_series_names.append(SeriesName(number, plain, former))
                self._learn(number, plain)

    def _learn(self, number: int, name: str) -> None:
        if len(name.split()) > 1 and (telling := names.telling(names.words(name))):
            self.told[number].add(telling)


def _first(values: Iterable[str | None]) -> str | None:
    return min(filter(None, values), default=None)


def _named(listings: Sequence[Listing]) -> str:
    return _first(one.full_name for one in listings) or min(one.title for one in listings)
