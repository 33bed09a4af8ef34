"""A message as lines of plain text, for people and for tests that ask what was said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["plain"]

_TEXTS = ("pretext", "title", "text", "value", "fallback", "footer", "url", "title_link")


def plain(message: Mapping[str, Any]) -> str:
    """Every text of a message, block by block, then attachment by attachment."""
    return "\n".join(_texts([message.get("blocks"), message.get("attachments")]))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for name in _TEXTS:
            if isinstance(value.get(name), str) and value[name]:
                yield value[name]
        for one in value.values():
            if not isinstance(one, str):
                yield from _texts(one)
