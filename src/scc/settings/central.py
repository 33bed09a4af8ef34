"""The section of the central scheduler: what `scc scheduler` listens on, and how jobs find it and wait for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from scc.settings.sections import Section

__all__ = ["Scheduler"]

SHORTEST_SECRET = 16


class Scheduler(Section):
    """The central scheduler, which orders runs and shares quotas across machines; without `url` each run orders itself."""

    url: str | None = Field(
        None, description="Where runs find the central scheduler.", examples=["http://scc-scheduler:8082"]
    )
    token: SecretStr | None = Field(
        None,
        repr=False,
        description="What jobs show to the scheduler, and it asks for: 16 characters at least.",
        examples=["sixteen-or-more-random-characters"],
    )
    password: SecretStr | None = Field(
        None,
        repr=False,
        description="What people type for its pages, with any user name: 16 characters at least.",
        examples=["sixteen-or-more-random-characters"],
    )
    address: str = Field(
        "127.0.0.1",
        description="Where `scc scheduler` listens. Beyond this machine it needs the token and the password.",
        examples=["0.0.0.0"],  # noqa: S104 - an example
    )
    port: int = Field(8082, ge=0, le=65535, description="Its port; 0 takes a free one.", examples=[8082])
    state: Annotated[Path, Field(strict=False)] = Field(
        Path("scc-scheduler/state"),
        description="The file that keeps its state; a relative one lies beside the configuration file.",
        examples=["/var/lib/scc-scheduler/state"],
    )
    save_interval_s: float = Field(
        5.0, gt=0, le=60, description="Seconds between two saves of its state.", examples=[5.0]
    )
    worker_timeout_s: float = Field(
        30.0,
        ge=1,
        le=600,
        description="Seconds of silence after which a run counts as dead and its share of the quotas is free.",
        examples=[30.0],
    )
    wait_minutes: float = Field(
        60.0,
        ge=0,
        le=1440,
        description="Minutes that a run waits for its turn: for a quota, or for another run of the same pipeline.",
        examples=[60.0],
    )
    patience_minutes: float = Field(
        10.0,
        ge=0,
        le=1440,
        description="Minutes that a run goes on asking a scheduler that does not answer.",
        examples=[10.0],
    )
    task_history: SecretStr | None = Field(
        None,
        repr=False,
        description="The PostgreSQL database of Luigi's own task history; without it, the ledger's, if that is one.",
        examples=["postgresql://scc@db.example/scc"],
    )

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://host")
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("an address of the form http://host:port")
        if parts.username or parts.password:
            raise ValueError("an address without credentials (scheduler.token is the place for them)")
        return value

    @field_validator("token", "password")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else None
        if text is not None and (len(text) < SHORTEST_SECRET or not text.isascii() or not text.isprintable()):
            raise ValueError(f"{SHORTEST_SECRET} printable ASCII characters or more")
        return value

    @field_validator("task_history")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith("postgresql://"):
            raise ValueError("an address of the form postgresql://user@host:port/database")
        return value
