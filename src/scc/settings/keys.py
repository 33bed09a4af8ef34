"""What may stand at a key, read off a model: its type in words, an example, how TOML writes a value."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Union

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

__all__ = ["Spot", "path_of", "spot", "toml_value"]

_WORDS: dict[Any, str] = {
    str: "a text in quotes",
    SecretStr: "a text in quotes",
    Path: "a path in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    datetime: "a moment such as 2026-11-22T10:15:00Z",
    date: "a date such as 2026-11-22",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the configuration. `field` is None inside of lists and open tables."""

    annotation: Any
    field: FieldInfo | None = None

    @property
    def kinds(self) -> list[Any]:
        """The types that may stand here, and the texts of a Literal; None is left out."""
        return list(_kinds(self.annotation))

    @property
    def models(self) -> list[type[BaseModel]]:
        return [kind for kind in self.kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]

    @property
    def expected(self) -> str:
        """What to write, in words: "a whole number", `one of "auto", "csv", "json"`."""
        words = dict.fromkeys(_word(kind) for kind in self.kinds if not isinstance(kind, str))
        choices = [json.dumps(kind) for kind in self.kinds if isinstance(kind, str)]
        return " or ".join([*words, *([f"one of {', '.join(choices)}"] if choices else [])])

    @property
    def default(self) -> Any:
        """The default, None where there is none."""
        if self.field is None or self.field.is_required():
            return None
        return self.field.get_default(call_default_factory=True)

    @property
    def example(self) -> Any:
        """The key's own example, else its default."""
        if self.field is not None and self.field.examples:
            return self.field.examples[0]
        return self.default

    @property
    def is_secret(self) -> bool:
        return SecretStr in self.kinds

    @property
    def is_closed(self) -> bool:
        """Whether only numbers, true or false, or one of a few words may stand here: nothing to hide."""
        kinds = self.kinds
        return bool(kinds) and all(isinstance(kind, str) or kind in {int, float, bool} for kind in kinds)

    @property
    def takes_text(self) -> bool:
        """Whether a text from the environment is taken as it stands."""
        return any(kind in {str, SecretStr, Path} or isinstance(kind, str) for kind in self.kinds)


def spot(model: type[BaseModel], key: tuple[str | int, ...]) -> Spot | None:
    """What may stand at a key of the model's table; None where there is no such key."""
    here = Spot(model)
    for part in key:
        if here.models:
            fields = [one.model_fields[part] for one in here.models if part in one.model_fields]
            if not fields:
                return None
            here = Spot(fields[0].annotation, fields[0])
        else:
            here = Spot(_item(here.annotation))
    return here


def path_of(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """pydantic's path to a fault without the names of types that it adds inside unions."""
    key: list[int | str] = []
    here: Spot | None = Spot(model)
    for part in loc:
        kinds = [] if here is None else [kind for kind in here.kinds if not isinstance(kind, str)]
        if len(kinds) != 1 or kinds[0] in _WORDS:
            break
        key.append(part)
        here = spot(model, tuple(key))
    return tuple(key)


def toml_value(value: object) -> str:
    """Write a value as TOML does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:_}" if isinstance(value, int) and abs(value) >= 10_000 else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_toml_key(str(key))} = {toml_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return json.dumps(str(value), ensure_ascii=False)


def _toml_key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else json.dumps(key)


def _kinds(annotation: Any) -> Iterator[Any]:
    origin = typing.get_origin(annotation)
    if origin is Literal:
        yield from typing.get_args(annotation)
    elif origin is typing.Annotated:
        yield from _kinds(typing.get_args(annotation)[0])
    elif origin in {Union, types.UnionType}:
        for one in typing.get_args(annotation):
            yield from _kinds(one)
    elif annotation is not type(None):
        yield annotation


def _item(annotation: Any) -> Any:
    """What a list or a table holds; object where that is open."""
    for kind in _kinds(annotation):
        inner = [] if isinstance(kind, str) else typing.get_args(kind)
        if inner:
            return inner[-1] if _base(kind) in {dict, Mapping} else inner[0]
    return object


def _base(kind: Any) -> Any:
    return typing.get_origin(kind) or kind


def _word(kind: Any) -> str:
    base = _base(kind)
    if base in _WORDS:
        return _WORDS[base]
    if isinstance(base, type) and issubclass(base, BaseModel | Mapping):
        return "a table"
    return "a list" if base in {list, tuple, set, frozenset} else "a value"
