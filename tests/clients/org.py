"""What the tests of simple-salesforce share: how it is let in, and rows for it to send."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

LOGIN: dict[str, Any] = {
    "username": "api@acme.example",
    "password": "sandbox",
    "security_token": "TOKEN",
}
APP: dict[str, Any] = {
    "consumer_key": "sandbox-client",
    "consumer_secret": "sandbox-secret",
    "domain": "acme.my",
}


def leads(count: int) -> list[dict[str, str]]:
    return [
        {"LastName": f"L{number}", "Company": "Acme", "Email": f"l{number}@people.example"}
        for number in range(count)
    ]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def content(refused: pytest.ExceptionInfo[Any]) -> Any:
    """Return the body of the answer that simple-salesforce made an exception of."""
    return refused.value.content
