"""Commands around the web server: serve, operator-password."""

from __future__ import annotations

import ipaddress
import logging
import sys

import click
from argon2 import PasswordHasher

from confradar import environment, logs, steps
from confradar import settings as configuration
from confradar.cli.reading import now_option
from confradar.crawling.options import check_environment
from confradar.errors import SettingError
from confradar.masking import masked

PASSWORD_MIN = 12


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="The port; CONFRADAR_WEB_PORT or 3000 if not given, 0 takes a free one.",
)
@now_option
def serve(host: str, port: int | None, now: str | None) -> None:
    """Serve the pages and the API on http://127.0.0.1:3000, e.g. `confradar serve --port 8000`.

    Stays in the foreground; Ctrl-C stops it. The operator pages need no password as long as only this machine
    can ask for them; another --host needs CONFRADAR_OPERATOR_HASH or CONFRADAR_PROXY_HEADER.
    """
    from confradar.web import serving  # noqa: PLC0415 - the other command of this file needs no web server

    settings = configuration.load()
    check_environment(settings)
    moment = steps.instant(now)
    if (settings.public or not _is_loopback(host)) and not (settings.operator_hash or settings.proxy_header):
        reached = "CONFRADAR_PUBLIC: this" if settings.public else f"--host: {host}"
        raise SettingError(
            f"{reached} can be reached from elsewhere, and there is no sign-in. Set CONFRADAR_OPERATOR_HASH "
            "(`confradar operator-password` makes it), or CONFRADAR_PROXY_HEADER with CONFRADAR_TRUSTED_PROXY"
        )
    steps.prepare(settings)
    with serving.listen(host, settings.web_port if port is None else port) as listening:
        address, number = listening.getsockname()[:2]
        place = f"[{address}]" if ":" in address else address
        click.echo(f"serving http://{place}:{number} · database {masked(settings.database)} · Ctrl-C stops", err=True)
        logs.conceal(environment.secrets(settings))
        logs.configure(settings.log_format)
        logging.getLogger("alembic").setLevel(logging.WARNING)  # it would tell of each look at the revision
        try:
            serving.server(settings, now=(lambda: moment) if now else steps.now_utc).run(sockets=[listening])
        except KeyboardInterrupt:
            click.echo("stopping", err=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@click.command("operator-password")
def operator_password() -> None:
    """Print the value of CONFRADAR_OPERATOR_HASH for a password, which is asked for or read from a pipe.

    Keep the value in single quotes: it has dollar signs.
    """
    if sys.stdin.isatty():
        password = click.prompt("Password of the operator", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    if len(password) < PASSWORD_MIN:
        raise SettingError(f"password: found {len(password)} characters, wanted at least {PASSWORD_MIN}")
    click.echo(PasswordHasher().hash(password))
