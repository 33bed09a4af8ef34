"""What is wrong with a query, in the vendor's words and with the place shown.

Knows nothing of HTTP: `code` and the message are what the routes send. Source: sandbox-salesforce.md 5.
"""

from __future__ import annotations

_BEFORE, _AFTER = 60, 40


class SoqlError(Exception):
    """A query that is refused; `code` is the vendor's errorCode."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def at(text: str, place: int, code: str, words: str) -> SoqlError:
    """Return an error that shows the place: a piece of the query, a caret below it, row and column (from 1)."""
    place = min(place, len(text))
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    line = text[start : len(text) if end < 0 else end]
    column = place - start
    cut = max(0, column - _BEFORE)
    snippet = line[cut : column + _AFTER]
    row = text.count("\n", 0, start) + 1
    caret = " " * (column - cut) + "^"
    return SoqlError(code, f"\n{snippet}\n{caret}\nERROR at Row:{row}:Column:{column + 1}\n{words}")


def unexpected(text: str, place: int, token: str) -> SoqlError:
    return at(text, place, "MALFORMED_QUERY", f"unexpected token: '{token}'")


def no_such_column(text: str, place: int, name: str, sobject: str) -> SoqlError:
    return at(
        text,
        place,
        "INVALID_FIELD",
        f"No such column '{name}' on entity '{sobject}'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names.",
    )


def no_such_relationship(text: str, place: int, name: str) -> SoqlError:
    return at(
        text,
        place,
        "INVALID_FIELD",
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
        "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL "
        "or the describe call for the appropriate names.",
    )


def no_such_object(text: str, place: int, name: str) -> SoqlError:
    return at(
        text,
        place,
        "INVALID_TYPE",
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
        "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate "
        "names.",
    )
