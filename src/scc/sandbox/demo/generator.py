"""Demonstration data as a pure function of a seed and a size: invented people, companies, campaigns, and their dirt.

Works in a DuckDB of its own and hands out Arrow tables; knows nothing of the stores that take them. All mail
domains are reserved ones (example.com and the like, *.example), telephone numbers are set aside for fiction
wherever a country has such.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from io import StringIO
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from scc.sandbox.salesforce import ids

__all__ = ["AS_OF", "Piece", "Size", "email_names", "form_names", "pieces"]

AS_OF = datetime(2026, 6, 30, 12)  # noqa: DTZ001  # in UTC without a zone, as the tables hold it
"""The day that the data stands for, when none is given: a fixed one, so that the data is always the same."""

_PREFIXES = {
    "account": "001",
    "contact": "003",
    "user": "005",
    "opportunity": "006",
    "lead": "00Q",
    "member": "00v",
    "status": "01Y",
    "campaign": "701",
}

_BEFORE_PEOPLE = (
    "salesforce/User",
    "salesforce/Account",
    "salesforce/Campaign",
    "salesforce/CampaignMemberStatus",
    "salesforce/Opportunity",
    "eloqua/accounts",
)
_PEOPLE = (
    "salesforce/Lead",
    "salesforce/Contact",
    "eloqua/contacts",
    "eloqua/activities/EmailSend",
    "eloqua/activities/EmailOpen",
    "eloqua/activities/EmailClickthrough",
    "eloqua/activities/Unsubscribe",
    "eloqua/activities/Bounceback",
    "eloqua/activities/FormSubmit",
    "eloqua/activities/WebVisit",
)
_AFTER_PEOPLE = ("salesforce/CampaignMember", "eloqua/campaign_members")
"""What there is, in an order in which records refer to earlier ones: each name is that of its query's file, too."""

_PEOPLE_AT_A_TIME = 250_000
"""What bounds the memory of a large set."""


@dataclass(frozen=True)
class Size:
    """How much of everything. `campaign_members` None means 40 for every 100 contacts."""

    contacts: int
    campaign_members: int | None = None

    @property
    def records(self) -> int:
        return self.contacts * 2 // 5 if self.campaign_members is None else self.campaign_members

    @property
    def people(self) -> int:
        """Contacts, and people whom only Salesforce knows."""
        return self.contacts + self.contacts * 3 // 20

    @property
    def companies(self) -> int:
        return max(20, self.contacts // 20)

    @property
    def campaigns(self) -> int:
        """A multiple of 20: the data deals out roles to every twenty campaigns."""
        return 20 * max(1, min(self.contacts // 5000, 250))

    @property
    def users(self) -> int:
        return min(40, 8 + self.contacts // 2500)

    @property
    def opportunities(self) -> int:
        return self.contacts // 25


class Piece(NamedTuple):
    """Records of one entity (an sObject, or `contacts`, `activities/EmailSend` ...): `table` has the store's own field names as columns."""

    system: str
    entity: str
    table: pa.Table


def pieces(size: Size, seed: int = 1, as_of: datetime = AS_OF) -> Iterator[Piece]:
    """Yield all the data, an entity after the other; large entities come in several pieces.

    `as_of` is naive, in UTC. Equal arguments give equal tables, byte for byte.
    """
    with duckdb.connect(config={"python_enable_replacements": False}) as connection:
        _set_variables(connection, size, seed, as_of)
        connection.execute("CREATE SCHEMA sf")
        for macro in ids.MACROS:
            connection.execute(macro)
        for sobject, prefix in _PREFIXES.items():
            connection.execute(f"CREATE MACRO id_of_{sobject}(n) AS {ids.sql(prefix, 'n')}")
        for script in ("dice", "organization", "membership"):
            connection.execute(_sql(f"setup/{script}"))
        yield from _read(connection, _BEFORE_PEOPLE)
        for first in range(0, max(size.people, 1), _PEOPLE_AT_A_TIME):
            last = min(first + _PEOPLE_AT_A_TIME, size.people)
            connection.execute(f"SET VARIABLE first = {first}; SET VARIABLE last = {last}")
            connection.execute(_sql("setup/people"))
            yield from _read(connection, _PEOPLE)
        yield from _read(connection, _AFTER_PEOPLE)


def _read(connection: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> Iterator[Piece]:
    for name in names:
        system, entity = name.split("/", 1)
        yield Piece(system, entity, connection.sql(_sql(name)).to_arrow_table())


def _sql(name: str) -> str:
    return files("scc.sandbox.demo").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def _set_variables(connection: duckdb.DuckDBPyConnection, size: Size, seed: int, as_of: datetime) -> None:
    locales = _rows("locales")
    codes = [row["locale"] for row in locales]
    variables: dict[str, Any] = {
        "seed": seed,
        "as_of": as_of,
        "contacts": size.contacts,
        "people": size.people,
        "companies": size.companies,
        "campaigns": size.campaigns,
        "records": size.records,
        "users": size.users,
        "opportunities": size.opportunities,
        "locales": codes,
        "wheel": [n for n, row in enumerate(locales, 1) for _ in range(int(row["weight"]))],
        **{
            column: [row[column].split("|") for row in locales]
            for column in ("spellings", "phones", "places")
        },
        **_names(codes),
        **_words(),
    }
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = $1", [value])


def email_names() -> list[str]:
    """Return the names of the e-mails that activities tell of; an e-mail's id is its place, from 1."""
    return _words()["email_asset"]


def form_names() -> list[str]:
    """Return the names of the forms that activities tell of; a form's id is its place, from 1."""
    return _words()["form_asset"]


def _rows(name: str) -> list[dict[str, str]]:
    text = files("scc.sandbox.demo").joinpath(f"setup/{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text)))


def _names(codes: list[str]) -> dict[str, list[list[str]]]:
    """Return lists by locale: given_written, given_latin, surname_written, surname_latin."""
    found: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in _rows("names"):
        found[row["locale"], row["part"]].append(row)
    return {
        f"{part}_{script}": [[row[script] for row in found[code, part]] for code in codes]
        for part in ("given", "surname")
        for script in ("written", "latin")
    }


def _words() -> dict[str, list[str]]:
    """Return the lists that are the same for every locale."""
    lists: dict[str, list[str]] = defaultdict(list)
    for row in _rows("words"):
        lists[row["list"]].append(row["word"])
    return lists
