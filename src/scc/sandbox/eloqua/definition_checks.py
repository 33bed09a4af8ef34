"""What Eloqua checks of a definition before it takes it. Gathers every failure, in the words of Bulk's `failures`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scc.sandbox.eloqua.entities import Column, Entity
from scc.sandbox.eloqua.errors import failure
from scc.sandbox.eloqua.filters import FilterError
from scc.sandbox.eloqua.statements import StatementError, parse_statement
from scc.sandbox.eloqua.sync_actions import ActionError, parse_actions
from scc.sandbox.eloqua.wire_times import duration

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["Checks"]

_TEXT = "Must be a string value, at least 1 character and at most 100 characters long."
_PROPERTIES: dict[str, tuple[str, ...]] = {
    "exports": ("name", "fields", "filter", "areSystemTimestampsInUTC", "maxRecords", "dataRetentionDuration",
                "autoDeleteDuration", "syncActions"),
    "imports": ("name", "fields", "identifierFieldName", "isSyncTriggeredOnImport", "isUpdatingMultipleMatchedRecords",
                "updateRule", "updateRuleByField", "importRule", "dataRetentionDuration", "autoDeleteDuration",
                "importPriorityUri", "nullIdentifierFieldName", "syncActions", "linkUsers", "mapDataCards",
                "mapDataCardsEntityField", "mapDataCardsSourceField", "mapDataCardsEntityType",
                "mapDataCardsCaseSensitiveMatch", "externalSystemId"),
    "syncActions": ("name", "fields", "identifierFieldName", "isSyncTriggeredOnImport", "dataRetentionDuration",
                    "autoDeleteDuration", "syncActions"),
}  # fmt: skip
_BOOLEANS = (
    "areSystemTimestampsInUTC",
    "isSyncTriggeredOnImport",
    "isUpdatingMultipleMatchedRecords",
    "nullIdentifierFieldName",
    "mapDataCards",
    "mapDataCardsCaseSensitiveMatch",
)
_UPDATE_RULES = ("always", "ifNewIsNotNull", "ifExistingIsNull", "useFieldRule")
_MOST_FIELDS = {"exports": 250, "imports": 100, "syncActions": 1}
_DEFAULTS: dict[str, dict[str, object]] = {
    "exports": {"dataRetentionDuration": "PT12H"},
    "imports": {"dataRetentionDuration": "P7D", "isUpdatingMultipleMatchedRecords": False},
    "syncActions": {"dataRetentionDuration": "P7D"},
}
_SYNC_ACTION_FIELDS = {
    "contacts": {"contact.id", "contact.field(c_emailaddress)", "contact.field(contactidext)"},
    "accounts": {"account.id", "account.field(m_companyname)", "account.field(companyidext)"},
}


class Checks:
    """`run` returns the body as it will be kept, and fills `failures`."""

    def __init__(self, store: EloquaStore, entity: Entity, kind: str) -> None:
        self._store = store
        self._entity = entity
        self._kind = kind
        self.failures: list[dict[str, str]] = []

    def run(self, raw: object) -> dict[str, Any]:
        """Unknown properties are dropped in silence; names match in any case (sources.md E2.9, 2.13)."""
        if not isinstance(raw, dict):
            self._fail("", "Must be a JSON object.")
            return {}
        known = {name.lower(): name for name in _PROPERTIES[self._kind]}
        body = {
            known[key.lower()]: value
            for key, value in raw.items()
            if key.lower() in known and value is not None
        }
        self._check_text(body, "name")
        columns = self._check_fields(body)
        self._check_booleans(body)
        self._check_durations(body)
        if self._kind == "exports":
            self._check_export(body)
        elif columns:
            self._check_import(body, columns)
        self._check_actions(body)
        defaults = dict(_DEFAULTS[self._kind])
        if self._kind != "exports":
            defaults["isSyncTriggeredOnImport"] = self._store.options.sync_on_import_default
        return {**body, **{name: value for name, value in defaults.items() if name not in body}}

    def _fail(self, field: str, constraint: str, value: object = None) -> None:
        self.failures.append(failure(field, constraint, None if value is None else str(value)))

    def _check_text(self, body: Mapping[str, Any], name: str) -> None:
        value = body.get(name)
        if not isinstance(value, str) or not 1 <= len(value) <= 100:
            self._fail(name, _TEXT, value)

    def _check_fields(self, body: Mapping[str, Any]) -> dict[str, Column]:
        fields = body.get("fields")
        if not isinstance(fields, dict) or not fields:
            self._fail("fields", "Must contain at least one field.")
            return {}
        most = _MOST_FIELDS[self._kind]
        if len(fields) > most:
            self._fail("fields", f"Must contain at most {most} fields.", len(fields))
            return {}
        columns: dict[str, Column] = {}
        for alias, statement in fields.items():
            column = self._column(statement, is_identifier=alias == body.get("identifierFieldName"))
            if column is not None:
                columns[alias] = column
        return columns if len(columns) == len(fields) else {}

    def _column(self, statement: object, *, is_identifier: bool) -> Column | None:
        try:
            path = parse_statement(statement if isinstance(statement, str) else "")
            column = self._store.resolve(self._entity, path)
        except StatementError as error:
            self._fail("fields", str(error), statement)
            return None
        if self._kind == "imports" and not (column.is_importable or is_identifier):
            self._fail("fields", "Must be a field that can be written.", statement)
            return None
        return column

    def _check_booleans(self, body: dict[str, Any]) -> None:
        """Clients send text for them too (sources.md E2.9)."""
        for name in _BOOLEANS:
            value = body.get(name)
            if isinstance(value, str) and value.lower() in ("true", "false"):
                body[name] = value.lower() == "true"
            elif value is not None and not isinstance(value, bool):
                self._fail(name, "Must be a boolean value.", value)

    def _check_durations(self, body: Mapping[str, Any]) -> None:
        for name, most in (("dataRetentionDuration", timedelta(days=14)), ("autoDeleteDuration", None)):
            value = body.get(name)
            if value is None:
                continue
            length = duration(value) if isinstance(value, str) else None
            if length is None or length < timedelta(hours=1) or (most and length > most):
                self._fail(
                    name, f"Must be a duration of PT1H or more{' and P14D or less' if most else ''}.", value
                )

    def _check_export(self, body: dict[str, Any]) -> None:
        most = body.get("maxRecords")
        if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
            self._fail("maxRecords", "Must be an integer of 1 or more.", most)
        text = body.get("filter", "")
        if not isinstance(text, str):
            self._fail("filter", "Must be a string value.", text)
            return
        limit = self._store.options.filter_max_characters
        if len(text) > limit:
            self._fail("filter", f"Must be at most {limit} characters long.")
            return
        try:
            in_utc = body.get("areSystemTimestampsInUTC") is True
            self._store.filters.translate(self._entity, text, in_utc=in_utc)
            if self._entity.kind == "activities":
                self._check_activities(body, text)
        except FilterError as error:
            self._fail("filter", str(error), text)

    def _check_activities(self, body: Mapping[str, Any], text: str) -> None:
        if self._store.filters.activity_type(text) is None:
            self._fail("filter", "Must name one activity type.", text)
        fields = body.get("fields")
        statements = fields.values() if isinstance(fields, dict) else ()
        of_contact = [one for one in statements if str(one).lower().startswith("{{activity.contact.field(")]
        if len(of_contact) > 10:
            self._fail("fields", "Must contain at most 10 contact fields.", len(of_contact))

    def _check_import(self, body: dict[str, Any], columns: Mapping[str, Column]) -> None:
        if self._entity.kind == "activities":
            return
        self._check_identifier(body, columns)
        self._check_choice(body, "updateRule", _UPDATE_RULES)
        self._check_choice(body, "importRule", ("createAndUpdate", "updateOnly", "createOnly"))
        rules = body.get("updateRuleByField", {})
        if not isinstance(rules, dict) or any(rule not in _UPDATE_RULES for rule in rules.values()):
            self._fail("updateRuleByField", f"Must map fields to {', '.join(_UPDATE_RULES)}.")
        elif set(rules) - set(columns):
            self._fail(
                "updateRuleByField",
                "Must name fields of the definition.",
                min(set(rules) - set(columns)),
            )
        self._check_cards(body, columns)
        if body.get("isUpdatingMultipleMatchedRecords") is True and self._writes_email(body, columns):
            self._fail(
                "isUpdatingMultipleMatchedRecords", "Must be false to update the e-mail address.", "True"
            )

    def _writes_email(self, body: Mapping[str, Any], columns: Mapping[str, Column]) -> bool:
        return any(
            column.stored == "C_EmailAddress" and alias != body.get("identifierFieldName")
            for alias, column in columns.items()
        )

    def _check_identifier(self, body: Mapping[str, Any], columns: Mapping[str, Column]) -> None:
        name = "identifierFieldName"
        self._check_text(body, name)
        alias = body.get(name)
        if not isinstance(alias, str) or not 1 <= len(alias) <= 100:
            return
        if alias not in columns:
            self._fail(name, "Must be the name of one of the fields.", alias)
        elif columns[alias].data_type in ("date", "boolean"):
            self._fail(name, "Must be a text or number field.", alias)
        elif self._kind == "syncActions" and self._entity.kind in _SYNC_ACTION_FIELDS:
            statement = str(body["fields"][alias]).strip("{} ").lower()
            if statement not in _SYNC_ACTION_FIELDS[self._entity.kind]:
                self._fail("fields", "Must be the id, the e-mail address or the external id.", statement)

    def _check_choice(self, body: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> None:
        if name in body and body[name] not in choices:
            self._fail(name, f"Must be one of {', '.join(choices)}.", body[name])

    def _check_cards(self, body: Mapping[str, Any], columns: Mapping[str, Column]) -> None:
        if not body.get("mapDataCards") or self._entity.kind != "customObjects":
            return
        source = body.get("mapDataCardsSourceField")
        if source not in columns:
            self._fail("mapDataCardsSourceField", "Must be the name of one of the fields.", source)
        try:
            path = parse_statement(str(body.get("mapDataCardsEntityField", "")))
            kind = (
                "accounts"
                if str(body.get("mapDataCardsEntityType", "Contact")).lower() != "contact"
                else "contacts"
            )
            self._store.resolve(self._store.catalogue.standard(kind), path)
        except StatementError as error:
            self._fail("mapDataCardsEntityField", str(error), body.get("mapDataCardsEntityField"))

    def _check_actions(self, body: dict[str, Any]) -> None:
        actions = body.get("syncActions", [])
        if self._kind == "syncActions" and not actions:
            self._fail("syncActions", "Must contain at least one sync action.")
        if actions and self._kind == "exports" and self._entity.kind == "activities":
            self._fail("syncActions", "Must be empty for activities.")
            return
        try:
            parse_actions(actions, self._entity.kind, self._exists)
        except ActionError as error:
            self._fail("syncActions", str(error))

    def _exists(self, kind: str, number: int) -> bool:
        return self._store.documents.get(kind, number) is not None
