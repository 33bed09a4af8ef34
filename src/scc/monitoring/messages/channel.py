"""The door to whatever carries messages, and what a message is, before any channel has dressed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Channel", "Message", "NotSentError", "Part"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message under a heading. `code`: lines to be shown as they are."""

    title: str
    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """Free of personal values and of any markup. `event` is one of `[slack] events`."""

    event: str
    pipeline: str
    title: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...] = ()
    link: str | None = None
    labels: tuple[tuple[str, str], ...] = ()


class NotSentError(Exception):
    """A channel could not send. Its words hold neither an address nor a token."""


class Channel(Protocol):
    def send(self, message: Message) -> None:
        """Send it, within a bounded time and without a second try; NotSentError where that fails."""
        ...
