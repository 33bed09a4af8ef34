"""The last net before a message leaves: no address gets through, wherever it came from."""

from __future__ import annotations

import re

__all__ = ["mask"]

_ADDRESS = re.compile(r"[^\s@<>\"',;:()\[\]|]{1,128}(?:@|%40)(?!\d{4}-\d\d-\d\dT)[^\s@<>\"',;:()\[\]|]+")
"""Runs are written `pipeline@moment`; they stay. What is before the @ is bounded: a long line must not take long."""


def mask(text: str) -> str:
    """The text with every e-mail address in it replaced as a whole."""
    if "@" not in text and "%40" not in text:
        return text
    return _ADDRESS.sub("(address)", text)
