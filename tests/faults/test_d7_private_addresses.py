"""D7: a site that sends the crawler to private addresses: by a redirect, on a retry, by its name's new address."""

import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from confradar.crawling import process
from confradar.settings import Settings
from confradar.sources.base import reader

from ..workers.site import Answer, Site, serve  # noqa: TID252 - the tests are no package
from .network import Canary, canary, environment

pytestmark = [
    pytest.mark.integration,
    pytest.mark.fault("D7", "no private address is connected to; the address checked is the one connected to"),
]
HOST, PUBLIC = "www.wikicfp.com", "93.184.216.34"
EVENT = "/cfp/servlet/event.showcfp?eventid={}"
# Each way to write this machine, or a network that is nobody else's business.
FORMS = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "0", "localhost", "LOCALHOST.", "[::1]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]",
    "[fd00:ec2::254]", "169.254.169.254", "10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1", "224.0.0.1",
    "metadata.internal",
]  # fmt: skip
Crawl = Callable[..., process.Crawled]


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as served:
        yield served


@pytest.fixture
def bird() -> Iterator[Canary]:
    with canary() as listening:
        yield listening


@pytest.fixture
def crawl(site: Site, bird: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crawl:
    """Read these pages of the source in a process whose network has the site at a public address, the canary elsewhere.

    The defaults hold as in production: nothing private is allowed.
    """

    def read(paths: Sequence[str], addresses: Sequence[str] = (PUBLIC,)) -> process.Crawled:
        port = int(site.url.rpartition(":")[2])
        routes = {f"{PUBLIC}:80": ("127.0.0.1", port), "127.0.0.1:80": ("127.0.0.1", bird.port)}
        names = {HOST: addresses, "metadata.internal": ["169.254.169.254"]}
        for name, value in environment(tmp_path, names=names, routes=routes).items():
            monkeypatch.setenv(name, value)
        options = process.options(reader("wikicfp").source, Settings(), {"delay": "0"})
        only = {f"http://{HOST}{path}": "" for path in paths}
        quick = replace(options, only=only, autothrottle=False, retry_waits=(0.01,), budget_seconds=30)
        return process.crawl("wikicfp", quick, tmp_path / "scratch", start="interpreter")

    return read


def test_d7_the_played_network_leads_to_the_site(site: Site, crawl: Crawl) -> None:
    """What the other tests stand on: the name is found, and the site is asked."""
    site.routes[EVENT.format(1)] = "<h3>This event has been deleted</h3>"

    crawled = crawl([EVENT.format(1)])

    assert site.paths == [EVENT.format(1)]
    assert len(crawled.rejects) == 1


def test_d7_a_redirect_to_a_private_address_is_not_followed(site: Site, bird: Canary, crawl: Crawl) -> None:
    """Of a start page, in whatever form it is written, with the canary's port and without."""
    targets = [f"http://{form}{port}/x" for form in FORMS for port in ("", f":{bird.port}")]
    paths = [EVENT.format(number) for number in range(len(targets))]
    site.routes |= {
        path: Answer(status=302, headers={"Location": target}) for path, target in zip(paths, targets, strict=True)
    }

    crawled = crawl(paths)

    assert sorted(site.paths) == sorted(paths)
    assert (crawled.status, bird.heard) == ("failed", 0)
    assert crawled.reason in ("private", "off_host")


def test_d7_a_retry_is_not_led_to_a_private_address(site: Site, bird: Canary, crawl: Crawl) -> None:
    """The page fails, is asked for again, and answers with a redirect."""
    private = Answer(status=307, headers={"Location": f"http://127.0.0.1:{bird.port}/x"})
    site.routes[EVENT.format(1)] = [Answer(status=503), private]

    crawled = crawl([EVENT.format(1)])

    assert (len(site.paths), crawled.status, bird.heard) == (2, "failed", 0)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["169.254.169.254"]])
def test_d7_a_name_that_moves_to_a_private_address_is_not_followed(
    site: Site, bird: Canary, crawl: Crawl, addresses: list[str]
) -> None:
    """At once, or after robots.txt was read at a public one: each connection goes to an address that was checked."""
    site.routes[EVENT.format(1)] = [Answer(status=503), Answer(status=302, headers={"Location": EVENT.format(2)})]

    crawled = crawl([EVENT.format(1)], addresses)

    assert (crawled.status, bird.heard) == ("failed", 0)
    if addresses[0] == PUBLIC:
        assert site.paths
    else:
        assert (crawled.reason, site.asked) == ("private", [])


def test_d7_robots_txt_is_not_led_to_a_private_address(site: Site, bird: Canary, crawl: Crawl) -> None:
    """Its redirects are judged as those of pages; then nothing of that host is read."""
    site.routes["/robots.txt"] = Answer(status=301, headers={"Location": f"http://[::1]:{bird.port}/robots.txt"})

    crawled = crawl([EVENT.format(1)])

    assert (site.paths, crawled.status, bird.heard) == ([], "failed", 0)


def test_d7_the_canary_hears(bird: Canary) -> None:
    """So that its silence says something."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as visitor:
            visitor.connect((host, bird.port))
            visitor.recv(1)

    assert bird.heard == 2
