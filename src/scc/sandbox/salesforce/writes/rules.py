"""What only some objects demand: members, statuses, converted leads, tasks (sandbox-salesforce.md 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scc.sandbox.salesforce.writes.checks import problem
from scc.sandbox.salesforce.writes.request import Write

Rule = Callable[[Write], Iterator[str]]


def object_checks(write: Write) -> Iterator[str]:
    """Yield the problems that the object's own rules find, row by row."""
    rule = _RULES.get(write.sobject.name)
    if rule is not None:
        yield from rule(write)


def pair_checks(write: Write) -> Iterator[str]:
    """Yield the problems of rows that may not stand beside another record or an earlier row."""
    rule = _PAIR_RULES.get(write.sobject.name)
    if rule is not None and not write.deletes:
        yield from rule(write)


def _source(write: Write, **columns: str) -> str:
    """Return a FROM item with n, op and the given columns, computed over `write.joined`."""
    listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"(SELECT c.n, c.op, {listed} FROM {write.joined})"


def _member(write: Write) -> Iterator[str]:
    if write.deletes:
        return
    source = _source(write, lead=write.after("LeadId"), contact=write.after("ContactId"))
    message = "'field integrity exception: LeadId (specify either a contact or a lead)'"
    where = "op = 'c' AND (lead IS NULL) = (contact IS NULL)"
    yield problem(31, where, "FIELD_INTEGRITY_EXCEPTION", message, ("LeadId", "ContactId"), source)
    status = write.cell("Status")
    if status is not None and write.strict_statuses:
        source = _source(write, campaign=write.after("CampaignId"), status=status.typed)
        unknown = (
            'status IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sf."CampaignMemberStatus" s WHERE s."CampaignId" = campaign '
            'AND lower(s."Label") = lower(status) AND NOT s."IsDeleted")'
        )
        words = "'Status: bad value for restricted picklist field: ' || status"
        yield problem(32, unknown, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", words, ("Status",), source)


def _member_pairs(write: Write) -> Iterator[str]:
    """A lead or contact is a member of a campaign once."""
    for name in ("LeadId", "ContactId"):
        if write.cell(name) is None:
            continue
        source = _source(write, campaign=write.after("CampaignId"), person=write.after(name))
        held = (
            f'op = \'c\' AND EXISTS (SELECT 1 FROM sf."CampaignMember" h WHERE h."CampaignId" = campaign '
            f'AND h."{name}" = person AND NOT h."IsDeleted")'
        )
        yield problem(42, held, "DUPLICATE_VALUE", "'Already a campaign member.'", (), source)
        doubled = (
            f"(SELECT n, row_number() OVER (PARTITION BY campaign, person ORDER BY n) AS place FROM {source} "
            "WHERE op = 'c' AND person IS NOT NULL)"
        )
        yield problem(43, "place > 1", "DUPLICATE_VALUE", "'Already a campaign member.'", (), doubled)


def _status(write: Write) -> Iterator[str]:
    if not write.deletes:
        return
    used = (
        'EXISTS (SELECT 1 FROM sf."CampaignMember" m WHERE m."CampaignId" = campaign AND lower(m."Status") = lower(label) '
        'AND NOT m."IsDeleted")'
    )
    source = _source(write, campaign='t."CampaignId"', label='t."Label"', standard='t."IsDefault"')
    message = (
        "'Your attempt to delete ' || label || ' could not be completed because it is the default or in use.'"
    )
    yield problem(33, f"standard OR {used}", "DELETE_FAILED", message, (), source)


def _status_pairs(write: Write) -> Iterator[str]:
    if write.cell("Label") is None:
        return
    source = _source(write, id="c.id", campaign=write.after("CampaignId"), label=write.after("Label"))
    held = (
        'EXISTS (SELECT 1 FROM sf."CampaignMemberStatus" h WHERE h."CampaignId" = campaign '
        'AND lower(h."Label") = lower(label) AND NOT h."IsDeleted" AND h."Id" IS DISTINCT FROM id)'
    )
    words = "'duplicate value found: Label duplicates value on record with id: <unknown>'"
    yield problem(42, held, "DUPLICATE_VALUE", words, (), source)


def _lead(write: Write) -> Iterator[str]:
    if not write.deletes:
        converted = _source(write, converted='coalesce(t."IsConverted", false)')
        message = "'cannot reference converted lead'"
        yield problem(6, "op = 'u' AND converted", "CANNOT_UPDATE_CONVERTED_LEAD", message, (), converted)


def _task(write: Write) -> Iterator[str]:
    if not write.deletes:
        source = _source(write, who=write.after("WhoId"), what=write.after("WhatId"))
        message = "'field integrity exception: WhatId (WhatId must be null if WhoId is a lead)'"
        where = "who LIKE '00Q%' AND what IS NOT NULL"
        yield problem(31, where, "FIELD_INTEGRITY_EXCEPTION", message, ("WhatId",), source)


_RULES: dict[str, Rule] = {
    "CampaignMember": _member,
    "CampaignMemberStatus": _status,
    "Lead": _lead,
    "Task": _task,
    "Event": _task,
}
_PAIR_RULES: dict[str, Rule] = {"CampaignMember": _member_pairs, "CampaignMemberStatus": _status_pairs}
