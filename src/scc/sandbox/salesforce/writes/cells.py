"""The values of staged rows, as SQL: text as it came in, and what it means for a field's type.

In a staged column NULL says that nothing was sent for the field, and NOTHING that it is to be emptied.
Which spellings are taken: sandbox-salesforce.md 3.
"""

from __future__ import annotations

from dataclasses import dataclass

from scc.sandbox.salesforce.catalogue.kinds import Field, SObject

NOTHING = "\x01"
NOTHING_SQL = "chr(1)"

_YES = "('true', 'yes', 'y', 't', 'on', '1')"
_NO = "('false', 'no', 'n', 'f', 'off', '0')"
_DATE = r"\d{4}-\d\d-\d\d(T.*)?"
_MOMENT = r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"
_ZONED = r"T.*(Z|[+-]\d\d:?\d\d)$"
_WHOLE = r"[+-]?\d+(\.0*)?"
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"


@dataclass(frozen=True, slots=True)
class Cell:
    """One staged column and the field it is for. With `lookup`, the text is a value of that external id field."""

    column: str
    field: Field
    header: str
    parent: SObject | None = None
    lookup: Field | None = None

    @property
    def sent(self) -> str:
        return f"{self.column} IS NOT NULL"

    @property
    def emptied(self) -> str:
        return f"{self.column} = {NOTHING_SQL}"

    @property
    def text(self) -> str:
        """The text sent, NULL when none was or the field is to be emptied."""
        return f"nullif({self.column}, {NOTHING_SQL})"

    @property
    def typed(self) -> str:
        """The value, NULL where the text does not make sense for the type, or names no parent."""
        return f"{self.column}_id" if self.is_id else typed(self.text, self.field)

    @property
    def is_id(self) -> bool:
        """Whether the value is an id, which the engine works out once, in a column of its own."""
        return self.lookup is not None or self.field.is_id

    @property
    def senseless(self) -> str:
        """Whether the text is no value of the type."""
        return f"({self.text} IS NOT NULL AND {self.typed} IS NULL)"


def typed(text: str, field: Field) -> str:
    """Return SQL for a text as a value of the field's type, NULL where it makes no sense."""
    match field.type:
        case "boolean":
            return f"CASE WHEN lower({text}) IN {_YES} THEN true WHEN lower({text}) IN {_NO} THEN false END"
        case "int" | "long":
            return f"CASE WHEN regexp_full_match({text}, '{_WHOLE}') THEN TRY_CAST({text} AS {field.column_type}) END"
        case "double" | "currency" | "percent":
            value = f"TRY_CAST({text} AS DOUBLE)"
            return f"CASE WHEN regexp_full_match({text}, '{_NUMBER}') AND isfinite({value}) THEN {value} END"
        case "date":
            return f"CASE WHEN regexp_full_match({text}, '{_DATE}') THEN TRY_CAST(substr({text}, 1, 10) AS DATE) END"
        case "datetime":
            return _moment(text)
        case "time":
            return f"TRY_CAST(rtrim({text}, 'Z') AS TIME)"
        case "id" | "reference":
            return f"CASE WHEN length({text}) = 18 THEN {text} ELSE sf.id18({text}) END"
        case "email":
            return f"lower({text})"
        case _:
            return text


def _moment(text: str) -> str:
    """Datetimes in UTC, in whole seconds: what is sent with an offset is moved, what has none is UTC."""
    with_colon = f"regexp_replace({text}, '([+-]\\d\\d)(\\d\\d)$', '\\1:\\2')"
    zoned = f"make_timestamp(epoch_us(TRY_CAST({with_colon} AS TIMESTAMPTZ)))"
    return (
        f"CASE WHEN NOT regexp_full_match({text}, '{_MOMENT}') THEN NULL "
        f"ELSE date_trunc('second', CASE WHEN regexp_matches({text}, '{_ZONED}') THEN {zoned} "
        f"ELSE TRY_CAST({text} AS TIMESTAMP) END) END"
    )


def folded(sql: str, field: Field) -> str:
    """Return SQL for a text as it is compared: case counts only where the field says so."""
    return sql if field.case_sensitive or not field.is_text else f"lower({sql})"
