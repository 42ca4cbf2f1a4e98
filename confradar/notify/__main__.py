"""The process that speaks to the channels: `python -m confradar.notify PARENT`, of which `sending` keeps one.

Reads messages as JSON lines, answers each with one. Ends with its parent, whatever a channel is doing.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
from typing import Any

from confradar.network import is_private
from confradar.notify import channels

PR_SET_PDEATHSIG = 1
PRIVATE = "a private address, which is not asked (CONFRADAR_ALLOW_PRIVATE_HOSTS=true allows it)"


class Guard:
    """Lets connections go to public addresses only, by any library: it is asked with the address that is used.

    So it holds behind redirects and for names that lead elsewhere when they are looked up again.
    """

    def __init__(self) -> None:
        self.everywhere = True
        self.refused = ""

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """An audit hook. Raises PermissionError."""
        if self.everywhere or event not in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            return
        address = args[1]
        host = address[0] if isinstance(address, tuple) else str(address)
        if isinstance(address, tuple) and _is_literal(host) and not is_private(host.partition("%")[0]):
            return
        self.refused = f"{host} is {PRIVATE}"
        raise PermissionError(self.refused)


def _is_literal(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0])
        except OSError:
            continue
        return True
    return False


def main(parent: int) -> None:
    """Serve until the parent closes our input, or ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            return
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    guard = Guard()
    sys.addaudithook(guard)
    channels.channel("json://localhost", "")  # loads them all
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        guard.everywhere, guard.refused = asked.pop("everywhere"), ""
        why = channels.send(**asked)
        guard.everywhere = True
        print(json.dumps({"error": why and (guard.refused or why)}), file=answers, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
