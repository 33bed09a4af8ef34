"""Sync actions: what an import, an export or a definition of its own does with the records it met (sources.md E2.10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scc.sandbox.database import Cursor, literal
from scc.sandbox.eloqua.entities import CONTACTS, EMAILS
from scc.sandbox.eloqua.statements import StatementError, parse_statement
from scc.sandbox.eloqua.tables import EMAIL_GROUP_STATES, MEMBERS

__all__ = ["Action", "ActionError", "apply_action", "parse_actions"]

_STATUSES = (
    "bounced", "subscribed", "unsubscribed", "active", "complete", "pending", "errored", "yes", "no", "invalid",
    "permission",
)  # fmt: skip
_SERVICES = (
    "actioninstance",
    "decisioninstance",
    "feederinstance",
    "cloudconnectorstatus",
    "contentinstance",
)
_LISTS = {"contactlist": ("contacts", "contacts/lists"), "accountlist": ("accounts", "accounts/lists")}
_LOGS = {
    ("contactlist", "add"): ("ELQ-00119", "Contacts added to Contact List."),
    ("contactlist", "remove"): ("ELQ-00118", "Contacts removed from Contact List."),
    ("accountlist", "add"): ("ELQ-00114", "Accounts added to Account List."),
    ("accountlist", "remove"): ("ELQ-00117", "Accounts removed from Account List."),
}


class ActionError(Exception):
    """The message is Eloqua's `constraint`."""


@dataclass(frozen=True)
class Action:
    """`target` is the destination's name in lower case, `number` its id."""

    action: str
    target: str
    number: int
    status: str


Exists = Callable[[str, int], bool]
"""Whether there is a document: (kind, id)."""


def parse_actions(raw: object, entity_kind: str, exists: Exists) -> list[Action]:
    """Raises ActionError for what is no list of sync actions on this kind of entity."""
    if not isinstance(raw, list):
        raise ActionError("Must be a list of sync actions.")
    if len(raw) > 10:
        raise ActionError("Must contain at most 10 sync actions.")
    return [_parse(one, entity_kind, exists) for one in raw]


def _parse(raw: object, entity_kind: str, exists: Exists) -> Action:
    if not isinstance(raw, dict):
        raise ActionError("Must be a sync action with a destination.")
    action, status = str(raw.get("action", "add")), str(raw.get("status") or "")
    if action not in ("add", "remove", "setStatus"):
        raise ActionError("The action must be add, remove or setStatus.")
    if status and status.lower() not in _STATUSES:
        raise ActionError(f"The status must be one of {', '.join(_STATUSES)}.")
    try:
        segment = parse_statement(str(raw.get("destination", "")))[0]
    except StatementError as error:
        raise ActionError(f"The destination is no statement: {error}") from None
    target = segment.name.lower()
    if target in _LISTS:
        kind, documents = _LISTS[target]
        wanted = (kind, action in ("add", "remove"), exists(documents, segment.number or 0))
        if wanted != (entity_kind, True, True):
            raise ActionError(
                "The destination must be an existing list of the same entity, to add or remove."
            )
    elif target in ("emailgroup", "globalsubscribe"):
        _check_subscription(target, action, status, entity_kind)
    elif target not in _SERVICES:
        raise ActionError(
            "The destination must be a list, an e-mail group, GlobalSubscribe or a service instance."
        )
    return Action(action, target, segment.number or 0, status.lower())


def _check_subscription(target: str, action: str, status: str, entity_kind: str) -> None:
    allowed = {"subscribed", "unsubscribed"}
    if entity_kind == "emailAddresses":
        # An address may be marked bounced too; the destination for it is not documented (docs/sandbox-eloqua.md).
        allowed = {"unsubscribed", "bounced"} if target == "globalsubscribe" else set()
    elif entity_kind != "contacts":
        allowed = set()
    if action != "setStatus" or status.lower() not in allowed:
        raise ActionError(
            f"This destination takes setStatus with {' or '.join(sorted(allowed)) or 'nothing here'}."
        )


def apply_action(cursor: Cursor, action: Action, members: str, now: str) -> tuple[str, str, int]:
    """Do it for every record of `members`, a query of `member` (ids, or addresses of e-mail address imports).

    Returns the log line: code, message, count. `now` is an SQL timestamp.
    """
    if action.target in _LISTS:
        return _apply_to_list(cursor, action, members)
    if action.target in _SERVICES:
        count = int(cursor.value(f"SELECT count(*) FROM ({members})"))
        return "ELQ-00128", "Updated member status of service instance.", count
    addresses = _addresses(cursor, members)
    if action.target == "emailgroup":
        return _apply_to_group(cursor, action, addresses, now)
    if action.status == "bounced":
        changes, code, message = (
            f'"isBounced" = TRUE, "bouncebackDate" = {now}',
            "ELQ-00016",
            "Email addresses marked as bounced.",
        )
    elif action.status == "subscribed":
        changes = f'"isSubscribed" = TRUE, "subscriptionDate" = {now}'
        code, message = "ELQ-00138", "Email addresses marked as subscribed."
    else:
        changes = f'"isSubscribed" = FALSE, "unsubscriptionDate" = {now}'
        code, message = "ELQ-00017", "Email addresses marked as unsubscribed."
    count = int(cursor.value(f"SELECT count(*) FROM {EMAILS} WHERE address IN ({addresses})"))
    cursor.run(f"UPDATE {EMAILS} SET {changes} WHERE address IN ({addresses})")
    return code, message, count


def _apply_to_list(cursor: Cursor, action: Action, members: str) -> tuple[str, str, int]:
    kind = literal(_LISTS[action.target][0])
    inside = f"SELECT member FROM {MEMBERS} WHERE kind = {kind} AND list = {action.number}"
    code, message = _LOGS[action.target, action.action]
    if action.action == "add":
        chosen = f"SELECT DISTINCT member FROM ({members}) WHERE member NOT IN ({inside})"
        count = int(cursor.value(f"SELECT count(*) FROM ({chosen})"))
        cursor.run(f"INSERT INTO {MEMBERS} SELECT {kind}, {action.number}, member FROM ({chosen})")
    else:
        chosen = f"kind = {kind} AND list = {action.number} AND member IN (SELECT member FROM ({members}))"
        count = int(cursor.value(f"SELECT count(*) FROM {MEMBERS} WHERE {chosen}"))
        cursor.run(f"DELETE FROM {MEMBERS} WHERE {chosen}")
    return code, message, count


def _apply_to_group(cursor: Cursor, action: Action, addresses: str, now: str) -> tuple[str, str, int]:
    is_subscribed = "TRUE" if action.status == "subscribed" else "FALSE"
    cursor.run(
        f'DELETE FROM {EMAIL_GROUP_STATES} WHERE "group" = {action.number} AND address IN ({addresses})'
    )
    cursor.run(
        f"INSERT INTO {EMAIL_GROUP_STATES} SELECT DISTINCT {action.number}, address, {is_subscribed}, {now} "
        f"FROM ({addresses})"
    )
    count = int(cursor.value(f"SELECT count(DISTINCT address) FROM ({addresses})"))
    if action.status == "subscribed":
        return "ELQ-00115", "Contacts subscribed to Email Group.", count
    return "ELQ-00116", "Contacts unsubscribed from Email Group.", count


def _addresses(cursor: Cursor, members: str) -> str:
    """Return a query of addresses for members given as contact ids or as addresses already."""
    kind = cursor.value(f"SELECT typeof(member) FROM ({members}) LIMIT 1")
    if kind == "VARCHAR":
        return f"SELECT lower(member) AS address FROM ({members})"
    return (
        f'SELECT lower("C_EmailAddress") AS address FROM {CONTACTS} '
        f'WHERE "C_EmailAddress" IS NOT NULL AND id IN (SELECT member FROM ({members}))'
    )
