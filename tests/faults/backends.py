"""The broker and the database of an installation, which can be killed and begun again."""

import os
import shutil
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psutil

from confradar import servers
from tests.postgres import start_postgres


class Broker:
    """A Valkey that can be killed, and begun again with what it kept or with nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running = ExitStack()
        self.start()

    def start(self, *, forgetful: bool = False) -> None:
        """Begin, with what its file says or with nothing."""
        if forgetful:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.url = self._running.enter_context(servers.valkey(self.folder))

    def kill(self) -> None:
        """End it at once."""
        pid = int((self.folder / "valkey.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        self._running.close()

    def stop(self) -> None:
        """End it in peace."""
        self._running.close()


class Server:
    """A PostgreSQL that can be killed, filled, and begun again."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cf-pg-", dir="/tmp"))
        self.url, self.stop = start_postgres(self.folder)

    def processes(self) -> list[psutil.Process]:
        """The server and its sessions, the server first."""
        main = psutil.Process(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]))
        return [main, *main.children(recursive=True)]

    def kill(self) -> None:
        """End it without a shutdown: what is open is lost."""
        main = self.processes()[0]
        main.send_signal(signal.SIGQUIT)
        main.wait(20)

    def start(self, *, file_bytes: int | None = None) -> None:
        """Begin again with what is on disk; no file grows beyond so many bytes, if given."""
        _, self.stop = start_postgres(self.folder, file_bytes=file_bytes)
