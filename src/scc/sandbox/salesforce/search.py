"""REST: search, as far as finding words in text fields goes (sandbox-salesforce.md 2).

Every word must stand somewhere in the searched fields of a record. Real search breaks text into words, knows
synonyms and ranks what it finds; this one does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.catalogue.kinds import SObject
from scc.sandbox.salesforce.errors import refused
from scc.sandbox.salesforce.services import Services
from scc.sandbox.salesforce.soql.shape import Record

MAX_RECORDS = 2000
_SOSL = re.compile(
    r"\s*FIND\s*\{(?P<term>(?:[^}\\]|\\.)*)\}(?:\s+IN\s+(?P<where>ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS)?"
    r"(?:\s+RETURNING\s+(?P<returning>.*?))?(?:\s+LIMIT\s+(?P<limit>\d{1,6}))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_OBJECT = re.compile(r"\s*(\w+)\s*(?:\(((?:[^()']|'(?:[^'\\]|\\.)*'|\([^()]*\))*)\))?\s*(?:,|$)")
_CLAUSE = re.compile(r"\s(?=(?:WHERE|ORDER\s+BY|LIMIT|OFFSET)\b)", re.IGNORECASE)
_SEARCHED = {"ALL": None, "SIDEBAR": None, "NAME": "name", "EMAIL": "email", "PHONE": "phone"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object to search, the fields to return, and more SOQL (WHERE, ORDER BY, LIMIT) from within its brackets."""

    sobject: SObject
    fields: Sequence[str] = field(default_factory=tuple)
    clauses: str = ""


class Search:
    def __init__(self, services: Services) -> None:
        self._services = services

    def add_routes(self) -> None:
        root = "/services/data/v{version}"
        add = self._services.router.add
        add("GET", root + "/search", self.search, "REST: Search; sandbox-salesforce.md 2")
        add(
            "GET",
            root + "/parameterizedSearch",
            self.by_parameters,
            "REST: Parameterized Search; sandbox-salesforce.md 2",
        )
        add(
            "POST",
            root + "/parameterizedSearch",
            self.by_parameters,
            "REST: Parameterized Search; sandbox-salesforce.md 2",
        )

    def search(self, call: Call) -> Answer:
        sosl = _SOSL.fullmatch(call.query.get("q", ""))
        if sosl is None:
            raise refused(400, "MALFORMED_SEARCH", "unexpected token: expected FIND {term} [RETURNING ...]")
        wanted = self._returning(sosl["returning"])
        kind = _SEARCHED[(sosl["where"] or "ALL").upper()]
        limit = min(int(sosl["limit"] or MAX_RECORDS), MAX_RECORDS)
        return self._answer(call, self._find(call, sosl["term"], wanted, kind, limit))

    def by_parameters(self, call: Call) -> Answer:
        wish = call.json_object() if call.method == "POST" else dict(call.query)
        fields = _names(wish.get("fields", "Id"))
        if call.method == "POST":
            listed = [each for each in wish.get("sobjects", []) if isinstance(each, dict)]
            wanted = [
                Wanted(self._sobject(str(each.get("name"))), _names(each.get("fields", fields)))
                for each in listed
            ]
        else:
            named = _names(wish.get("sobject", ""))
            wanted = [
                Wanted(self._sobject(name), _names(wish.get(f"{name}.fields", fields))) for name in named
            ]
        return self._answer(
            call, self._find(call, str(wish.get("q", "")), wanted or self._all(), None, MAX_RECORDS)
        )

    def _answer(self, call: Call, records: list[Record]) -> Answer:
        return Answer(200, records if float(call.version) < 37.0 else {"searchRecords": records})

    def _returning(self, text: str | None) -> list[Wanted]:
        if text is None:
            return self._all()
        wanted = []
        place = 0
        while place < len(text):
            found = _OBJECT.match(text, place)
            if found is None:
                raise refused(400, "MALFORMED_SEARCH", f"unexpected token: '{text[place : place + 20]}'")
            names, clauses = _split(found[2] or "")
            wanted.append(Wanted(self._sobject(found[1]), _names(names), clauses))
            place = found.end()
        return wanted

    def _all(self) -> list[Wanted]:
        return [Wanted(each) for each in self._services.store.catalogue if each.searchable]

    def _sobject(self, name: str) -> SObject:
        found = self._services.store.catalogue.find(name)
        if found is None or not found.searchable:
            raise refused(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return found

    def _find(
        self, call: Call, term: str, wanted: Sequence[Wanted], kind: str | None, limit: int
    ) -> list[Record]:
        words = re.sub(r"\\(.)", r"\1", term).replace('"', " ").split()
        if len("".join(words)) < 2:
            raise refused(400, "MALFORMED_SEARCH", f"search term must be longer than one character: {term}")
        records: list[Record] = []
        for each in wanted:
            searched = [
                own.name
                for own in each.sobject.fields.values()
                if own.is_text and own.filterable and _is_searched(own.name, own.type, kind)
            ]
            if searched:
                records += self._services.queries.run(_soql(each, searched, words, limit), call.root).records
        return records[:limit]


def _is_searched(name: str, kind: str, wanted: str | None) -> bool:
    return wanted is None or kind == wanted or (wanted == "name" and name.endswith("Name"))


def _split(inner: str) -> tuple[str, str]:
    """Cut what stands in an object's brackets into its fields and the clauses after them."""
    padded = " " + inner
    cut = _CLAUSE.search(padded)
    return (inner, "") if cut is None else (padded[: cut.start()], padded[cut.start() :])


def _names(raw: object) -> list[str]:
    listed = raw if isinstance(raw, list) else str(raw).split(",")
    return [str(name).strip() for name in listed if str(name).strip()]


def _soql(wanted: Wanted, searched: Sequence[str], words: Sequence[str], limit: int) -> str:
    tests = []
    for word in words:
        escaped = re.sub(r"([\\'%_])", r"\\\1", word).replace("*", "%").replace("?", "_")
        tests.append("(" + " OR ".join(f"{name} LIKE '%{escaped}%'" for name in searched) + ")")
    where = " AND ".join(tests)
    clauses = wanted.clauses.strip()
    own = re.match(
        r"WHERE\s+(.*?)(?=\s+(?:ORDER\s+BY|LIMIT|OFFSET)\b|$)(.*)", clauses, re.IGNORECASE | re.DOTALL
    )
    if own is not None:
        where, clauses = f"{where} AND ({own[1]})", own[2]
    if "limit" not in clauses.lower():
        clauses += f" LIMIT {limit}"
    return f"SELECT {', '.join(wanted.fields or ['Id'])} FROM {wanted.sobject.name} WHERE {where} {clauses}"
