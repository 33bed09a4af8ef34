"""The configuration's sections: every key with its type, default, meaning and an example.

This is the one list of keys: the commented file of `scc init` and docs/configuration.md come from
it. It must not know where a value came from, except to say so when one is missing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

__all__ = [
    "Archive",
    "Engine",
    "FilePath",
    "Flow",
    "Ledger",
    "Log",
    "Section",
    "Store",
]

FilePath = Annotated[Path, Field(strict=False)]
"""A path as text; a relative one starts at the configuration's folder."""


class Section(BaseModel):
    """A table of the configuration: unknown keys and near-enough types are refused.

    Pipelines derive the models of their own tables from it.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Store(Section):
    """Where runs are kept: exports, plans, receipts."""

    path: FilePath = Field(
        Path("scc-data"),
        description="The folder; a relative one lies beside the configuration file.",
        examples=["/var/lib/scc"],
    )


class Archive(Section):
    """The archive of deleted contacts."""

    address_rules: FilePath | None = Field(
        None,
        description="A file that says when two addresses are one mailbox, in place of SCC's own (rules/addresses.toml); "
        "a relative one lies beside the configuration file. Entries are found by the rules they were archived with.",
        examples=["addresses.toml"],
    )


class Engine(Section):
    """DuckDB, which makes the plans."""

    memory_limit: str = Field(
        "2GB", description="Memory that a plan may take; beyond it, work goes to disk.", examples=["2GB"]
    )
    threads: int = Field(2, ge=1, description="Threads that a plan may use.", examples=[4])

    @field_validator("memory_limit")
    @classmethod
    def _is_a_size(cls, value: str) -> str:
        if not re.fullmatch(r"[1-9]\d*(\.\d+)? ?[KMGT]i?B", value):
            raise ValueError("an amount of memory with its unit (KB, MB, GB, TB or KiB, MiB, GiB, TiB)")
        return value


class Flow(Section):
    """How runs use the systems."""

    eloqua_bulk: int = Field(
        2,
        ge=1,
        le=10,
        description="Runs that may have an Eloqua bulk sync under way at the same time.",
        examples=[2],
    )
    salesforce_bulk: int = Field(
        2,
        ge=1,
        le=100,
        description="Runs that may have a Salesforce bulk job under way at the same time.",
        examples=[2],
    )
    salesforce_reserve: int = Field(
        0,
        ge=0,
        description="Salesforce requests of the day that are left to others: with fewer left a run reads and writes nothing.",
        examples=[5_000],
    )
    salesforce_step_requests: int = Field(
        200,
        ge=1,
        description="Salesforce requests that a step is reckoned to need: with salesforce_reserve set, it holds so many of "
        "the day's while it works, and waits until they are free.",
        examples=[200],
    )
    deletes_in_flight: int = Field(
        4,
        ge=1,
        le=32,
        description="Contacts that are deleted at the same time: Eloqua takes them one by one.",
        examples=[4],
    )
    deletes_per_second: float | None = Field(
        20.0,
        gt=0,
        description="Contacts that are deleted in a second at most.",
        examples=[20.0],
    )
    batch_rows: int = Field(
        50_000, ge=1, le=1_000_000, description="Changes that one import holds.", examples=[50_000]
    )
    retry_budget_s: float = Field(
        300.0, ge=0, description="Seconds that one call may spend on tries, waits included.", examples=[300.0]
    )

    @property
    def limits(self) -> dict[str, int]:
        """How much of each shared quota there is, by the resource's name."""
        return {"eloqua_bulk": self.eloqua_bulk, "salesforce_bulk": self.salesforce_bulk}


class Ledger(Section):
    """The history of all runs: PostgreSQL in a cluster; without an address, a file beside the runs.

    One ledger is for one store.
    """

    url: SecretStr | None = Field(
        None,
        repr=False,
        description="The database's address; what follows a question mark goes to the driver, such as sslmode.",
        examples=["postgresql://scc@db.example/scc?sslmode=verify-full"],
    )
    password: SecretStr | None = Field(
        None,
        repr=False,
        description="The database user's password, if the address holds none.",
        examples=["..."],
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            parts = urlsplit(value.get_secret_value() if value else "postgresql://host/database")
            good = parts.port is None or parts.port > 0
        except ValueError:
            good = False
        if not (good and parts.scheme == "postgresql" and parts.hostname and parts.path.strip("/")):
            raise ValueError("an address of the form postgresql://user@host:port/database")
        return value


class Log(Section):
    """The log, on standard error."""

    format: Literal["auto", "plain", "json"] = Field(
        "auto",
        description="auto shows progress bars on a terminal and plain lines elsewhere; json gives one object a line.",
        examples=["json"],
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important lines to write.", examples=["info"]
    )
