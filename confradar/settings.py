"""All settings: `CONFRADAR_*`, and the names that a platform gives (`DATABASE_URL`, `POSTGRES_*`). Read at the edge."""

from __future__ import annotations

import ipaddress
import math
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote
from zoneinfo import available_timezones

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from confradar.errors import SettingError
from confradar.masking import is_secret, masked

DEFAULT_BROKER = "redis://127.0.0.1:6379/0"
# What the compose file uses where nothing is set: anybody can read it there.
DEVELOPMENT = "development-only"
DEVELOPMENT_HASH = "$argon2id$v=19$m=65536,t=3,p=4$5PG+/DM6kPE1tEWONmoYbA$I5oVVEciGbSz2c3lan3F5hOEehLnRiq4YwnI34TZq8E"


class Settings(BaseSettings):
    """The effective settings. Durations are seconds, sizes bytes."""

    model_config = SettingsConfigDict(env_prefix="CONFRADAR_", extra="ignore", frozen=True, populate_by_name=True)

    data_dir: Path = Field(default_factory=lambda: user_data_path("confradar"))
    database_url: str = Field("", validation_alias=AliasChoices("CONFRADAR_DATABASE_URL", "DATABASE_URL"))
    postgres_user: str = Field("", validation_alias="POSTGRES_USER")
    postgres_password: str = Field("", validation_alias="POSTGRES_PASSWORD")
    postgres_hostname: str = Field("", validation_alias="POSTGRES_HOSTNAME")
    postgres_db: str = Field("", validation_alias="POSTGRES_DB")
    readers_database_url: str = ""  # of a PostgreSQL role that may only read: what the readers' pages read with
    broker_url: str = ""

    flower_port: int = Field(5555, ge=1, le=65535)
    flower_url: str = ""
    flower_basic_auth: str = Field("", validation_alias="FLOWER_BASIC_AUTH")  # read by Flower itself
    zone: str = "UTC"  # in which the commands show times
    public: bool = False  # others than us can reach this: development secrets are refused
    public_url: str = ""
    web_port: int = Field(3000, ge=1, le=65535)
    web_seconds: float = Field(5, gt=0)
    web_requests_per_second: float = Field(10, gt=0)
    mail_url: str = ""  # the mail server for messages, as apprise writes it; whose password it may hold
    follows: str = ""  # a file of follows for a whole lab
    alert_to: str = ""  # the addresses to which alerts go, with spaces between
    data_licence: str = Field("", pattern=r"^[^\x00-\x1f\x7f]{0,200}$")  # named beside the sources' terms
    report_url: str = ""  # where readers tell an error; {what} and {id} stand for the deadline
    operator_hash: str = ""
    metrics_token: str = ""
    proxy_header: str = ""
    trusted_proxy: str = ""
    worker_concurrency: int = Field(5, ge=1, le=64)
    retry_waits: Annotated[tuple[float, ...], NoDecode] = (20, 60, 120)
    terminal_retry_waits: Annotated[tuple[float, ...], NoDecode] = (2, 5, 10)
    page_retry_waits: Annotated[tuple[float, ...], NoDecode] = (2, 8)
    visibility_seconds: int = Field(7200, ge=5)
    run_deadline_seconds: int = Field(75 * 60, ge=1)
    closing_seconds: float = Field(60, gt=0)  # of a run, before its deadline: crawls end, so that what came is stored
    watchdog_seconds: float = Field(60, gt=0)
    missing_after_seconds: int = Field(600, ge=1)
    silent_days: float = Field(3, gt=0)  # without anything good from a source, until that is an alert
    lost_after_seconds: float = Field(60, gt=0)
    lease_seconds: float = Field(90, gt=0)  # a run that nobody beat for so long may be taken over
    waiting_seconds: float = Field(5, gt=0)  # until a run that waits for another looks again
    keep_days: int = Field(90, ge=1)  # of runs that are over, with their logs, checks and kept outputs
    archive_days: int = Field(90, ge=1)  # of what the sites answered, from which a night can be replayed
    archive_bytes: int = Field(256 * 1024 * 1024, ge=1024)  # of one crawl's archive, compressed
    keep_audit_days: int = Field(400, ge=1)  # of what operators did
    store_grace_seconds: float = Field(60, gt=0)  # the callback's time between the last crawl and the watchdog

    contact: str = "https://github.com/confradar/confradar"
    allow_private_hosts: bool = False
    use_proxy: bool = False
    autothrottle: bool = True
    response_bytes: int = Field(10 * 1024 * 1024, ge=1024)
    response_seconds: float = Field(30, gt=0)
    retry_after_seconds: int = Field(300, ge=0)
    memory_bytes: int = Field(512 * 1024 * 1024, ge=64 * 1024 * 1024)
    log_bytes: int = Field(1024 * 1024, ge=1024)
    log_format: Literal["", "plain", "json"] = ""  # plain on a terminal, else JSON

    @field_validator("retry_waits", "terminal_retry_waits", "page_retry_waits", mode="before")
    @classmethod
    def _waits(cls, value: Any) -> Any:
        try:
            waits = tuple(float(part) for part in value.split(",")) if isinstance(value, str) else tuple(value)
        except ValueError:
            waits = ()
        if not waits or not all(0 <= wait < math.inf for wait in waits):
            raise ValueError("seconds, 0 or more, with commas between: 20,60,120")
        return waits

    @field_validator("database_url", "readers_database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not re.match(r"postgres(ql)?(\+psycopg2)?://|sqlite:///.", value):
            raise ValueError("postgresql://user:password@host/name or sqlite:///file")
        return value

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        known = {name.casefold() for name in available_timezones()} | {"aoe"}
        if value.strip().casefold() not in known:
            raise ValueError("UTC, AoE or a name such as Europe/Berlin")
        return value

    @field_validator("broker_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and not re.match(r"(rediss?|redis\+socket|sentinel)://", value):
            raise ValueError("redis://host:6379/0")
        return value

    @field_validator("operator_hash")
    @classmethod
    def _hash(cls, value: str) -> str:
        if value and not re.fullmatch(r"\$argon2id\$[!-~]+", value):
            raise ValueError("what `confradar operator-password` prints, in single quotes")
        return value

    @field_validator("proxy_header")
    @classmethod
    def _header(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9-]*", value):
            raise ValueError("the name of a header, such as X-Forwarded-User")
        return value

    @field_validator("flower_url", "public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[!-~]+", value):
            raise ValueError("an address such as http://127.0.0.1:5555")
        return value

    @field_validator("mail_url")
    @classmethod
    def _mail(cls, value: str) -> str:
        if value and not re.fullmatch(r"mailtos?://[!-~]+", value):
            raise ValueError("mailtos://user:password@smtp.example.org?from=radar@example.org")
        return value

    @field_validator("report_url")
    @classmethod
    def _report(cls, value: str) -> str:
        if value and not re.fullmatch(r"(https?://|mailto:)[!-~]{1,500}", value):
            raise ValueError("mailto:radar@example.org?subject={what} or https://example.org/issues/new?title={what}")
        return value

    @field_validator("trusted_proxy")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            [ipaddress.ip_network(part.strip()) for part in value.split(",") if value]
        except ValueError:
            raise ValueError("addresses or networks, with commas between: 10.0.0.7, 192.168.4.0/24") from None
        return value

    @model_validator(mode="after")
    def _proxy(self) -> Settings:
        if self.proxy_header and not self.trusted_proxy:
            raise SettingError(
                "CONFRADAR_PROXY_HEADER: it is believed from a trusted proxy only; name its address in "
                "CONFRADAR_TRUSTED_PROXY"
            )
        return self

    @model_validator(mode="after")
    def _secrets(self) -> Settings:
        for name, value in self if self.public else ():
            if value == DEVELOPMENT_HASH or (isinstance(value, str) and DEVELOPMENT in value):
                raise SettingError(
                    f"{variable(name)}: found the secret of development, wanted with CONFRADAR_PUBLIC: one that "
                    "nobody can read in the compose file"
                )
        return self

    @property
    def trusted_proxies(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """From where the headers of a reverse proxy are believed."""
        return tuple(ipaddress.ip_network(part.strip()) for part in self.trusted_proxy.split(",") if part.strip())

    @property
    def database(self) -> str:
        """The database's address: as set, else made of POSTGRES_*, else SQLite in the data directory."""
        if self.database_url:
            return _with_driver(self.database_url)
        if self.postgres_hostname or self.postgres_db:
            login = quote(self.postgres_user or "postgres", safe="")
            if self.postgres_password:
                login += ":" + quote(self.postgres_password, safe="")
            host, name = self.postgres_hostname or "localhost", self.postgres_db or "confradar"
            return f"postgresql+psycopg2://{login}@{host}/{name}"
        return f"sqlite:///{self.data_dir / 'confradar.sqlite'}"

    @property
    def readers_database(self) -> str:
        """The address with which the readers' pages read. SQLite's file is opened for reading only."""
        if self.readers_database_url:
            return _with_driver(self.readers_database_url)
        if self.database.startswith("sqlite:///"):
            return f"sqlite:///file:{quote(self.database.removeprefix('sqlite:///'))}?mode=ro&uri=true"
        return self.database

    @property
    def alert_addresses(self) -> tuple[str, ...]:
        """The addresses that hear of alerts, each once."""
        return tuple(dict.fromkeys(self.alert_to.split()))

    @property
    def site(self) -> str:
        """Where readers reach the pages, for links in what they take away: as set, else this machine."""
        return self.public_url.rstrip("/") or f"http://127.0.0.1:{self.web_port}"

    @property
    def archive_dir(self) -> Path:
        """Where what the sites answered is kept: one folder for all nodes."""
        return self.data_dir / "archive"

    @property
    def broker_file(self) -> Path:
        """Where a running `confradar up` leaves the address of its broker."""
        return self.data_dir / "broker.url"

    @property
    def broker(self) -> str:
        """The broker's address: as set, else that of a running `confradar up`, else Redis on this machine."""
        if self.broker_url:
            return self.broker_url
        if self.broker_file.is_file():
            return self.broker_file.read_text().strip()
        return DEFAULT_BROKER

    @property
    def broker_silent(self) -> str:
        """What to say when no broker answers: which addresses were looked for, and where."""
        if self.broker_url:
            return f"The broker {masked(self.broker)} of CONFRADAR_BROKER_URL does not answer"
        if self.broker_file.is_file():
            return f"The broker {masked(self.broker)}, named in {self.broker_file}, does not answer"
        return f"There is no broker: {self.broker_looked_for}"

    @property
    def broker_looked_for(self) -> str:
        """Where no broker was found, none being named."""
        return f"{self.broker_missing}, and {DEFAULT_BROKER} does not answer"

    @property
    def broker_missing(self) -> str:
        """Where a broker was looked for and none was named; empty if one is."""
        if self.broker_url or self.broker_file.is_file():
            return ""
        return (
            f"CONFRADAR_BROKER_URL is not set, no `confradar up` runs in {self.data_dir} "
            f"(it has no {self.broker_file.name})"
        )

    def shown(self) -> dict[str, Any]:
        """Every setting by its name, secrets masked, fit for printing."""
        shown = {name: getattr(self, name) for name in type(self).model_fields}
        shown.update(database_url=masked(self.database), broker_url=masked(self.broker), data_dir=str(self.data_dir))
        shown.update({name: "***" for name in shown if is_secret(name) and shown[name]})
        shown.update({name: masked(shown[name]) for name in ("flower_url", "readers_database_url", "mail_url")})
        return shown


def load(**overrides: Any) -> Settings:
    """The settings of this process's environment. Raises SettingError, naming setting, value and what is wanted."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = variable(str(first["loc"][0]))
        wanted = re.sub(r"^(Input should be |Value error, )|, unable to .*$", "", first["msg"])
        found = "what is not shown" if is_secret(name) else repr(masked(str(first["input"])))
        raise SettingError(f"{name}: found {found}, wanted: {wanted}") from None


def variable(name: str) -> str:
    """The variable of the environment that gives the setting of that name."""
    if name.isupper():  # as an error of pydantic has it
        return name
    field = Settings.model_fields.get(name)
    alias = field.validation_alias if field else None
    return alias if isinstance(alias, str) else f"CONFRADAR_{name.upper()}"


def _with_driver(url: str) -> str:
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", url)
