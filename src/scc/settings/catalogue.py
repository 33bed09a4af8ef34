"""Every key there is, read off the models: for the commented file of `scc init` and for the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from scc.settings import Section, Settings
from scc.settings.keys import Spot, toml_value

__all__ = ["Entry", "entries", "sections", "summary"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key. `default` is None where there is none; `table` holds the default of a key that is a table."""

    name: str
    type: str
    description: str
    default: str | None
    example: str | None
    table: dict[str, str] | None


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """SCC's own sections, in the order in which people fill them in."""
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield name, kind


def summary(model: type[BaseModel]) -> str:
    """What the section is about: the first line of its model's docstring."""
    return (model.__doc__ or "").strip().partition("\n")[0]


def entries(model: type[BaseModel]) -> Iterator[Entry]:
    for name, field in model.model_fields.items():
        here = Spot(field.annotation, field)
        default, shown = here.default, here.example
        yield Entry(
            name,
            here.expected,
            field.description or "",
            None if default is None else toml_value(default),
            None if shown is None else toml_value(shown),
            {key: toml_value(value) for key, value in default.items()} if isinstance(default, dict) else None,
        )
