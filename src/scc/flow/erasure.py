"""What erasing a person does to a row, by the kind of dataset that the row stands in.

archive, marks   the row goes
exports          the row goes, also where the address stands in any other column of it
plan             the row keeps its number, system, object, operation, reason and the names of its fields;
                 key, values and evidence are hidden, so that counts still add up
receipts         the row keeps its number, outcome, code and job; key and words are hidden

A row of somebody else that mentions the address within a text keeps everything but the address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from scc.core.changes import ERASED
from scc.core.receipts import Outcome
from scc.flow.mailbox import HIDDEN, Mailbox

__all__ = ["ID_COLUMNS", "Kind", "Person", "Row", "Verdict", "hide", "judge", "texts"]

Row: TypeAlias = dict[str, Any]

ID_COLUMNS = ("Id", "ContactId", "Contact.Id", "LeadId", "WhoId", "contact_id", "restored_to", "key")
"""Columns that may hold the id of a person or of a record that is a person's."""
_LINKS = ("C_SFDCContactID", "C_SFDCLeadID")
_OF_SALESFORCE = re.compile(r"(003|00Q|00v|00T|00K)[A-Za-z0-9]{12}([A-Za-z0-9]{3})?")
"""Contacts, leads, campaign members, tasks and contact roles: each is one person's."""


class Kind(StrEnum):
    ARCHIVE = "archive"
    MARKS = "marks"
    PLAN = "plan"
    RECEIPT = "receipt"
    ROWS = "rows"


@dataclass(slots=True)
class Person:
    """Who is erased. `ids` are what the store knows the mailbox by: "contact/5", "customObject/12/99",
    "salesforce/00Q...", the last in 15 characters."""

    mailbox: Mailbox
    ids: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`row` is what stands there afterwards, None for nothing; `ids` were learnt from it."""

    row: Row | None
    ids: frozenset[str] = frozenset()


def judge(kind: Kind, row: Row, person: Person, meta: Mapping[str, Any]) -> Verdict | None:
    """What becomes of a row; None where it stays as it is. `meta` is the dataset's."""
    return _JUDGES[kind](row, person, meta)


def texts(value: object) -> Iterator[str]:
    """All texts in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from texts(key)
            yield from texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)


def hide(value: Any, mailbox: Mailbox) -> Any:
    """The value with the mailbox's addresses hidden in all its texts."""
    if isinstance(value, str):
        return mailbox.without(value)
    if isinstance(value, Mapping):
        return {hide(key, mailbox): hide(one, mailbox) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(hide(one, mailbox) for one in value)
    return value


def _mentions(row: Row, person: Person) -> Verdict | None:
    hidden = hide(row, person.mailbox)
    return None if hidden == row else Verdict(hidden)


def _archived(row: Row, person: Person, _: Mapping[str, Any]) -> Verdict | None:
    own = f"contact/{row['contact_id']}"
    # The key is compared where there is one: what is no address has none.
    is_own = any(person.mailbox.is_whole(row[name]) for name in ("mailbox_key", "address"))
    if not is_own and own not in person.ids:
        return _mentions(row, person)
    records = {f"{one['object']}/{one['id']}" for one in row["records"] or ()}
    return Verdict(None, frozenset({own, *records, *_links(dict(row["fields"]))}))


def _mark(row: Row, person: Person, _: Mapping[str, Any]) -> Verdict | None:
    back = {f"contact/{one}" for one in row["restored_to"].split(",")}
    own = {f"contact/{row['contact_id']}", *back}
    return Verdict(None, frozenset(own)) if own & person.ids else None


def _planned(row: Row, person: Person, _: Mapping[str, Any]) -> Verdict | None:
    if row["key"].startswith(ERASED):
        return _mentions(row, person)
    own = _change_id(row)
    values = {**dict(row["before"] or ()), **dict(row["after"] or ())}
    both = [*(row["before"] or ()), *(row["after"] or ())]
    is_owner = any(_is_address(name) and person.mailbox.is_whole(value or "") for name, value in both)
    if not is_owner and own not in person.ids:
        if not any(person.mailbox.is_whole(value or "") for _, value in both):
            return _mentions(row, person)
        own = None  # told of the address, and perhaps somebody else's
    hidden = {
        **row,
        "key": f"{ERASED}{row['change']}",
        "before": _blanked(row["before"]),
        "after": _blanked(row["after"]),
        "evidence": "",
    }
    learnt = frozenset({own, *_links(values)}) if own else frozenset[str]()
    return Verdict(hidden, learnt)


def _blanked(values: list[tuple[str, str]] | None) -> list[tuple[str, str]] | None:
    """Which fields were written stays, and which were cleared: batches are cut by that."""
    return None if values is None else [(name, HIDDEN if value else value) for name, value in values]


def _received(row: Row, person: Person, _: Mapping[str, Any]) -> Verdict | None:
    if row["key"].startswith(ERASED) or _change_id(row) not in person.ids:
        return _mentions(row, person)
    is_words = (
        row["message"] and row["outcome"] != Outcome.SKIPPED
    )  # else the plan's reason, which many share
    hidden = {
        **row,
        "key": f"{ERASED}{row['change']}",
        "message": HIDDEN if is_words else row["message"],
    }
    return Verdict(hidden)


def _read(row: Row, person: Person, meta: Mapping[str, Any]) -> Verdict | None:
    types = meta.get("types", {})
    mailbox = person.mailbox
    own = _row_ids(row, str(meta.get("object", "")))
    is_owner = any(
        isinstance(value, str) and _is_address(name, types) and mailbox.is_whole(value)
        for name, value in row.items()
    )
    if is_owner or own & person.ids:
        return Verdict(None, frozenset(own | _links(row)))
    if any(isinstance(value, str) and mailbox.is_whole(value) for value in row.values()):
        return Verdict(None)
    return _mentions(row, person)


_JUDGES: Mapping[Kind, Callable[[Row, Person, Mapping[str, Any]], Verdict | None]] = {
    Kind.ARCHIVE: _archived,
    Kind.MARKS: _mark,
    Kind.PLAN: _planned,
    Kind.RECEIPT: _received,
    Kind.ROWS: _read,
}


def _is_address(name: str, types: Mapping[str, str] | None = None) -> bool:
    """Whether a field holds the address of the record's own person."""
    if types and types.get(name) == "emailAddress":
        return True
    plain = re.sub(r"[^a-z]", "", name.rpartition(".")[2].lower())
    return plain.removeprefix("c") in {"emailaddress", "email"} or plain in {"email", "address"}


def _change_id(row: Row) -> str | None:
    """The id that a row of a change set or receipt is about; None where it is no person's."""
    system, name, key = row["system"], row["object"], row["key"]
    if system == "salesforce":
        return _salesforce_id(key)
    if name in {"contact", "archive"} or name.startswith("contactList/"):
        return f"contact/{key}"
    return f"{name}/{key}" if name.startswith("customObject/") else None


def _row_ids(row: Row, name: str) -> set[str]:
    """The ids of persons in a row that was read of an object."""
    found = set()
    for column in ID_COLUMNS:
        value = row.get(column)
        if value is None or value == "":
            continue
        text = str(value)
        if salesforce := _salesforce_id(text):
            found.add(salesforce)
        elif column in {"ContactId", "Contact.Id", "contact_id"} or (column == "Id" and name == "contact"):
            found.add(f"contact/{text}")
        elif column == "Id" and name.startswith("customObject/"):
            found.add(f"{name}/{text}")
    if {"system", "object", "key"} <= row.keys() and (own := _change_id(row)):
        found.add(own)  # a copy of another run's change set
    return found


def _links(row: Mapping[str, Any]) -> set[str]:
    return {own for name in _LINKS if (own := _salesforce_id(str(row.get(name) or "")))}


def _salesforce_id(text: str) -> str | None:
    return f"salesforce/{text[:15]}" if _OF_SALESFORCE.fullmatch(text) else None
