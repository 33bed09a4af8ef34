"""The command line: one module a group of commands, each imported when it is asked for."""

from __future__ import annotations
