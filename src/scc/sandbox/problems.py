"""What is wrong with something that was told to the sandbox itself (never with a vendor's request)."""

from __future__ import annotations

__all__ = ["UnreadableError"]


class UnreadableError(Exception):
    """The message names the field and what it should be."""
