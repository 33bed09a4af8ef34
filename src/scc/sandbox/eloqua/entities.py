"""What can be exported and imported, and how statements about it read in SQL.

An entity knows its table, its fields and how it joins to others. It holds no records and knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from scc.sandbox.database import identifier
from scc.sandbox.eloqua.activity_fields import ACTIVITY_FIELDS
from scc.sandbox.eloqua.fields import Field
from scc.sandbox.eloqua.statements import Segment, StatementError

__all__ = ["ACCOUNTS", "ACTIVITIES", "CONTACTS", "EMAILS", "Column", "Entity", "Resolver"]

CONTACTS = "eloqua_contacts"
ACCOUNTS = "eloqua_accounts"
EMAILS = "eloqua_email_addresses"
ACTIVITIES = "eloqua_activities"


@dataclass(frozen=True)
class Column:
    """What a statement stands for. `sql` reads it, given `joins` (in order); an import writes `stored`,
    a column of the record's own table, or `email_state`, a column of its e-mail address."""

    sql: str
    data_type: str
    joins: tuple[str, ...] = ()
    stored: str | None = None
    email_state: str | None = None
    is_system_time: bool = False
    is_id: bool = False
    field: Field | None = None
    link: str | None = None

    @property
    def is_importable(self) -> bool:
        return self.stored is not None or self.email_state is not None or self.is_id


@dataclass(frozen=True)
class Entity:
    """`prefix` is its address in Bulk, `root` the statement's first segment (`CustomObject[9]`)."""

    kind: str
    prefix: str
    table: str
    root: Segment
    fields: tuple[Field, ...]
    id: int = 0

    def field_named(self, internal_name: str) -> Field | None:
        wanted = internal_name.lower()
        return next((field for field in self.fields if field.internal_name.lower() == wanted), None)

    def field_numbered(self, number: int) -> Field | None:
        return next((field for field in self.fields if field.id == number), None)

    def column_of(self, field: Field) -> str:
        """Return the name of the column that holds a field."""
        return f"f{field.id}" if self.kind == "customObjects" else field.internal_name


Finder = Callable[[str], Entity]


class Resolver:
    """Resolves statements to columns. `find` gives the entities `contacts` and `accounts` as they are now."""

    def __init__(self, find: Finder) -> None:
        self._find = find

    def resolve(self, entity: Entity, path: Sequence[Segment]) -> Column:
        """Return what `path` means for a record of `entity`, aliased r. Raises StatementError."""
        root, rest = path[0], path[1:]
        if (root.name.lower(), root.number, root.word) != (
            entity.root.name.lower(),
            entity.root.number,
            None,
        ) or not rest:
            raise StatementError(f"Must be a field of {_shown(entity.root)}.")
        match entity.kind:
            case "contacts":
                return self._contact(rest, "r")
            case "accounts":
                return self._account(rest, "r")
            case "activities":
                return self._activity(path)
            case "emailAddresses":
                return _address_column(rest)
            case _:
                return self._custom_object(entity, rest)

    def _contact(self, path: Sequence[Segment], r: str) -> Column:
        head = path[0]
        common = _common(path, r)
        if common:
            return common
        if _is(path, "Field") and head.word is not None:
            return self._field(self._find("contacts"), head.word, r)
        if head.is_named("Email") and len(path) == 2:
            return _email_column(path[1], r)
        if head.is_named("Account") and len(path) > 1:
            join = f'LEFT JOIN {ACCOUNTS} {r}_account ON {r}_account.id = {r}."accountId"'
            column = _joined(self._account(path[1:], f"{r}_account"), join)
            return replace(column, link="accountId") if column.is_id else column
        if head.is_named("LeadScore") and len(path) == 3:
            return _score_column(path[1], path[2], r)
        raise _unknown("contact")

    def _account(self, path: Sequence[Segment], r: str) -> Column:
        common = _common(path, r)
        if common:
            return common
        if _is(path, "Field") and path[0].word is not None:
            return self._field(self._find("accounts"), path[0].word, r)
        raise _unknown("account")

    def _custom_object(self, entity: Entity, path: Sequence[Segment]) -> Column:
        head = path[0]
        if _is(path, "ExternalId"):
            return Column('r."externalId"', "string", stored="externalId")
        common = _common(path, "r")
        if common:
            return common
        if head.name.lower() == "field" and head.number is not None and len(path) == 1:
            field = entity.field_numbered(head.number)
            if field is None:
                raise _unknown("custom object")
            return self._stored(entity, field, "r")
        if head.is_named("Contact") and len(path) > 1:
            join = f'LEFT JOIN {CONTACTS} r_contact ON r_contact.id = r."contactId"'
            column = _joined(self._contact(path[1:], "r_contact"), join)
            return (
                replace(column, sql='r."contactId"', joins=(), link="contactId") if column.is_id else column
            )
        if head.is_named("Account") and len(path) > 1:
            join = f'LEFT JOIN {ACCOUNTS} r_account ON r_account.id = r."accountId"'
            return _joined(self._account(path[1:], "r_account"), join)
        raise _unknown("custom object")

    def _activity(self, path: Sequence[Segment]) -> Column:
        wanted = _shown_path(path).lower()
        for field in ACTIVITY_FIELDS:
            if field.statement.lower() == wanted:
                is_time = field.column == "createdAt"
                return Column(f"r.{identifier(field.column)}", field.data_type, is_system_time=is_time)
        if path[1].is_named("Contact") and len(path) > 2:
            join = f'LEFT JOIN {CONTACTS} r_contact ON r_contact.id = r."contactId"'
            return _joined(self._contact(path[2:], "r_contact"), join)
        if wanted in ("activity.campaign.field(campaignname)", "activity.campaign.field(crmcampaignid)"):
            join = (
                "LEFT JOIN eloqua_documents r_campaign "
                "ON r_campaign.kind = 'campaigns' AND r_campaign.id = r.\"campaignId\""
            )
            name = "name" if "name)" in wanted else "crmId"
            return Column(f"json_extract_string(r_campaign.body, '$.{name}')", "string", (join,))
        raise _unknown("activity")

    def _field(self, entity: Entity, internal_name: str, r: str) -> Column:
        field = entity.field_named(internal_name)
        if field is None:
            raise _unknown(entity.root.name.lower())
        return self._stored(entity, field, r)

    def _stored(self, entity: Entity, field: Field, r: str) -> Column:
        if field.derived is not None:
            sql = field.derived.replace("{r}", r)
            return Column(sql, field.data_type, is_system_time=field.is_system_time, field=field)
        name = entity.column_of(field)
        stored = None if r != "r" or field.is_read_only else name
        return Column(f"{r}.{identifier(name)}", field.data_type, stored=stored, field=field)


def _common(path: Sequence[Segment], r: str) -> Column | None:
    if _is(path, "Id") and path[0].word is None and path[0].number is None:
        return Column(f"{r}.id", "id", is_id=True)
    for name, column in (("CreatedAt", "createdAt"), ("UpdatedAt", "updatedAt")):
        if _is(path, name):
            return Column(f"{r}.{identifier(column)}", "date", is_system_time=True)
    return None


def _address_column(path: Sequence[Segment]) -> Column:
    if len(path) == 1 and (path[0].name.lower(), (path[0].word or "").lower()) == ("field", "emailaddress"):
        return Column("r.address", "emailAddress", stored="address")
    raise _unknown("e-mail address")


def _email_column(segment: Segment, r: str) -> Column:
    """The state of the contact's address, which belongs to the address and not to the contact (sources.md E3.2)."""
    join = f'LEFT JOIN {EMAILS} {r}_email ON {r}_email.address = lower({r}."C_EmailAddress")'
    if segment.is_named("IsSubscribed"):
        return Column(
            f'coalesce({r}_email."isSubscribed", TRUE)', "boolean", (join,), email_state="isSubscribed"
        )
    if segment.is_named("IsBounced"):
        return Column(f'coalesce({r}_email."isBounced", FALSE)', "boolean", (join,), email_state="isBounced")
    if segment.is_named("Format"):
        return Column(f"coalesce({r}_email.format, 'unspecified')", "string", (join,), email_state="format")
    raise _unknown("e-mail address")


def _score_column(model: Segment, part: Segment, r: str) -> Column:
    """Scores are made up of the id, so that equal contacts score equally in every run."""
    if model.name.lower() != "model" or model.number is None:
        raise _unknown("lead score")
    mixed = f"(CAST({r}.id AS BIGINT) * 7919 + {model.number % 1000}) % 100"
    if part.is_named("ProfileScore"):
        return Column(mixed, "number")
    if part.is_named("EngagementScore"):
        return Column(f"({mixed} * 37) % 100", "number")
    if part.is_named("Rating"):
        letter = f"chr(CAST(65 + ({mixed}) // 25 AS INTEGER))"
        return Column(f"{letter} || CAST(1 + (({mixed}) * 37 % 100) // 25 AS VARCHAR)", "string")
    raise _unknown("lead score")


def _is(path: Sequence[Segment], name: str) -> bool:
    return len(path) == 1 and path[0].name.lower() == name.lower()


def _joined(column: Column, join: str) -> Column:
    return replace(column, joins=(join, *column.joins), stored=None, email_state=None)


def _unknown(what: str) -> StatementError:
    return StatementError(f"Must be an existing field of the {what}.")


def _shown(segment: Segment) -> str:
    if segment.word is not None:
        return f"{segment.name}({segment.word})"
    return segment.name if segment.number is None else f"{segment.name}[{segment.number}]"


def _shown_path(path: Iterable[Segment]) -> str:
    return ".".join(_shown(segment) for segment in path)
