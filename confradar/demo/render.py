"""What the five sites of the demo answer: a pure function of source, address and night."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from confradar.demo import acl_web, ai_deadlines, chairing_tool, elra, facts, synthetic, wikicfp
from confradar.demo.answers import Answer, Request, Shelf, text

SITES: dict[str, Callable[[Request], Answer]] = {
    "acl_web": acl_web.answer,
    "ai_deadlines": ai_deadlines.answer,
    "chairing_tool": chairing_tool.answer,
    "elra": elra.answer,
    "wikicfp": wikicfp.answer,
}
ROBOTS = "User-agent: *\nDisallow: /private/\n"


def respond(
    source: str, target: str, *, night: int = 1, base: str = "", cookie: str = "", events: int | None = None
) -> Answer:
    """What the site of a source answers on a night (1 to 3) when asked for `target`, path with query.

    `base` is the address that the site's own whole links begin with. With `events` the site shows that many
    invented conferences instead of the true ones.
    """
    if target == "/robots.txt":
        return text(ROBOTS)
    return SITES[source](Request(target, shelf(source, night, events), base.rstrip("/"), cookie))


@lru_cache(maxsize=32)
def shelf(source: str, night: int, events: int | None = None) -> Shelf:
    """What a source's site has to show on a night. Raises ValueError for a night that there is not."""
    now = facts.begin(night)
    return Shelf(facts.editions(night) if events is None else synthetic.editions(source, events, night), now)
