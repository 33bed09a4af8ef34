"""Eloqua's routes."""

from __future__ import annotations

from starlette.routing import Route

from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.state import State

__all__ = ["routes"]


def routes(state: State) -> list[Route]:
    state.store(EloquaStore)
    return []
