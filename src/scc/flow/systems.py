"""Clients from settings: the one place where credentials meet the systems they are for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from scc.settings import Settings

if TYPE_CHECKING:  # the clients are only imported where a pipeline meets their system
    from scc.eloqua import EloquaClient
    from scc.salesforce import SalesforceClient
    from scc.transport import Exchange

__all__ = ["Systems"]


class Systems:
    """Each client is made when first asked for; ConfigError then names what is missing for it."""

    def __init__(self, settings: Settings, *, observer: Callable[[Exchange], None] | None = None) -> None:
        self._settings = settings
        self._observer = observer

    @cached_property
    def eloqua(self) -> EloquaClient:
        raise NotImplementedError

    @cached_property
    def salesforce(self) -> SalesforceClient:
        raise NotImplementedError
