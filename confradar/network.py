"""Which addresses are of the public internet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_private(address: str) -> bool:
    """Whether that is an IP address which is not of the public internet, or leads to one. A name is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(not one.is_global or one.is_multicast for one in (found, *_within(found)))


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 one stands for: mapped, 6to4, Teredo, NAT64 (RFC 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    yield from filter(None, (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())))
    if address in NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
