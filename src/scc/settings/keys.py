"""What a key is, read off a model: its type in words, an example, how TOML writes a value."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Union

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

__all__ = [
    "example",
    "expected",
    "field_at",
    "is_closed",
    "is_secret",
    "models_at",
    "path_of",
    "takes_text",
    "toml_value",
]

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


def field_at(model: type[BaseModel], key: tuple[str | int, ...]) -> FieldInfo | None:
    """The field that a key inside the model's table belongs to, through lists and tables of models."""
    field: FieldInfo | None = None
    inner: Any = model
    for part in key:
        models = [kind for kind in _kinds(inner) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if isinstance(part, str) and models:
            field = next((m.model_fields[part] for m in models if part in m.model_fields), None)
            if field is None:
                return None
            inner = field.annotation
        else:
            inner = _item(inner)
    return field


def path_of(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """pydantic's path to a fault without the names of types that it adds inside unions."""
    key: list[int | str] = []
    inner: Any = model
    for part in loc:
        kinds = [kind for kind in _kinds(inner) if not isinstance(kind, str)]
        if len(kinds) != 1 or kinds[0] in _WORDS:
            break
        key.append(part)
        if isinstance(kinds[0], type) and issubclass(kinds[0], BaseModel):
            field = kinds[0].model_fields.get(str(part))
            if field is None:
                break
            inner = field.annotation
        else:
            inner = _item(kinds[0])
    return tuple(key)


def models_at(model: type[BaseModel], key: tuple[str | int, ...]) -> list[type[BaseModel]]:
    """The models that the table at a key may have; the model itself for no key."""
    if not key:
        return [model]
    field = field_at(model, key)
    return [] if field is None else list(_models(field.annotation))


def expected(field: FieldInfo | None) -> str:
    """What to write, in words: "a whole number", `one of "auto", "csv", "json"`."""
    if field is None:
        return "a value of another type"
    words: list[str] = []
    for kind in _kinds(field.annotation):
        if isinstance(kind, str):
            continue
        word = _WORDS.get(kind) or _shape(kind)
        if word not in words:
            words.append(word)
    choices = [json.dumps(kind) for kind in _kinds(field.annotation) if isinstance(kind, str)]
    if choices:
        words.append(f"one of {', '.join(choices)}")
    return " or ".join(words)


def example(field: FieldInfo | None) -> object:
    """The field's own example, else its default, else None."""
    if field is None:
        return None
    if field.examples:
        return field.examples[0]
    return None if field.is_required() else field.get_default(call_default_factory=True)


def is_secret(field: FieldInfo | None) -> bool:
    return field is not None and any(kind is SecretStr for kind in _kinds(field.annotation))


def is_closed(field: FieldInfo | None) -> bool:
    """Whether the key takes numbers, true or false, or one of a few words: nothing to hide."""
    kinds = () if field is None else tuple(_kinds(field.annotation))
    return bool(kinds) and all(isinstance(kind, str) or kind in {int, float, bool} for kind in kinds)


def takes_text(field: FieldInfo | None) -> bool:
    """Whether a text from the environment is taken as it stands."""
    if field is None:
        return False
    return any(kind in {str, SecretStr, Path} or isinstance(kind, str) for kind in _kinds(field.annotation))


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
    """The types that an annotation allows, and the texts of a Literal; None is left out."""
    origin = typing.get_origin(annotation)
    if origin in {Union, types.UnionType, typing.Annotated}:
        inner = typing.get_args(annotation)
        for one in inner[:1] if origin is typing.Annotated else inner:
            yield from _kinds(one)
    elif origin is Literal:
        yield from typing.get_args(annotation)
    elif annotation is not type(None):
        yield annotation


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for kind in _kinds(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind


def _item(annotation: Any) -> Any:
    """What a list or a table of the annotation holds; object where that is open."""
    for kind in _kinds(annotation):
        inner = typing.get_args(kind)
        if inner:
            return inner[-1] if typing.get_origin(kind) in {dict, Mapping} else inner[0]
    return object


def _shape(kind: Any) -> str:
    base = typing.get_origin(kind) or kind
    if isinstance(base, type) and issubclass(base, BaseModel | Mapping):
        return "a table"
    if base in {list, tuple, set, frozenset}:
        return "a list"
    return "a value"
