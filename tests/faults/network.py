"""A network played for one process: names that change their address, and public addresses that lead to a test's site.

A process that starts with `environment` on its path asks here instead of a name server, and connects as `routes` say.
"""

import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PLAYED = """
import json, os, socket
names, routes = json.loads(os.environ["PLAYED_NAMES"]), json.loads(os.environ["PLAYED_ROUTES"])
looked_up, connect_ex = {}, socket.socket.connect_ex

def gethostbyname(name):
    if name not in names:
        return ask(name)
    turn = looked_up[name] = looked_up.get(name, -1) + 1
    return names[name][min(turn, len(names[name]) - 1)]

def connect(self, address):
    return connect_ex(self, tuple(routes.get(f"{address[0]}:{address[1]}", address)))

ask, socket.gethostbyname, socket.socket.connect_ex = socket.gethostbyname, gethostbyname, connect
"""


def environment(
    folder: Path, *, names: Mapping[str, Sequence[str]], routes: Mapping[str, tuple[str, int]]
) -> dict[str, str]:
    """What a process needs in its environment to be in that network.

    `names` has the addresses that each name has in turn, the last one for good; `routes` where `address:port` leads.
    """
    (folder / "sitecustomize.py").write_text(PLAYED)
    return {
        "PYTHONPATH": str(folder),
        "PLAYED_NAMES": json.dumps({name: list(addresses) for name, addresses in names.items()}),
        "PLAYED_ROUTES": json.dumps(routes),
    }


class Canary:
    """Whom nobody may ever reach: counts who connects, whatever they say."""

    def __init__(self, port: int) -> None:
        self.port, self.heard = port, 0


@contextmanager
def canary() -> Iterator[Canary]:
    """A canary on a free port of this machine, by IPv4 and IPv6."""
    with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listening:
        bird = Canary(listening.getsockname()[1])

        def listen() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                bird.heard += 1
                connection.close()

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield bird
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            listener.join()
