"""The messages that were posted, the last thousand of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scc.sandbox.state import State

__all__ = ["Posted", "SlackOptions", "SlackStore"]

_KEEP = 1_000


@dataclass(frozen=True)
class Posted:
    """One message as it came. `by` is webhook or bot."""

    n: int
    at: str
    by: str
    channel: str
    username: str
    text: str
    blocks: list[Any] = field(default_factory=list)
    attachments: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class SlackOptions:
    """Slack leaves nothing open that a client would notice."""


class SlackStore:
    """A `scc.sandbox.state.Store`. Messages are no business records: a dump has none of them."""

    system = "slack"

    def __init__(self, state: State) -> None:
        self.options = SlackOptions()
        self._clock = state.clock
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        self._messages: deque[Posted] = deque(maxlen=_KEEP)
        self._count = 0

    def post(self, by: str, channel: str, raw: Mapping[str, Any]) -> Posted:
        with self._lock:
            self._count += 1
            posted = Posted(
                self._count,
                self._clock.now().isoformat(timespec="milliseconds"),
                by,
                channel,
                str(raw.get("username") or ""),
                str(raw.get("text") or ""),
                list(raw.get("blocks") or []),
                list(raw.get("attachments") or []),
            )
            self._messages.append(posted)
            return posted

    def messages(self) -> list[dict[str, Any]]:
        """What was posted, oldest first."""
        with self._lock:
            return [asdict(one) for one in self._messages]

    def counts(self) -> Mapping[str, int]:
        return {"messages": self._count}

    def under_way(self) -> Mapping[str, Any]:
        return {}

    def dump(self) -> Iterator[bytes]:
        yield from ()
