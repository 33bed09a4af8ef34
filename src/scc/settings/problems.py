"""Say what is wrong with a configuration: every fault at once, each with key, place, and a way out.

Never shows the value of a key that holds free text: it may be a credential, or one mistyped.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from scc.errors import ConfigError
from scc.settings.keys import Spot, path_of, spot, toml_value
from scc.settings.origin import Key, Origin, dotted, variable

__all__ = ["explain", "nearest"]


def explain(error: ValidationError, model: type[BaseModel], origin: Origin, prefix: Key = ()) -> ConfigError:
    """The ConfigError for all that pydantic found; `prefix` is where the model's table stands."""
    faults: dict[Key, tuple[str, str | None]] = {}
    for found in error.errors(include_url=False):
        key = path_of(model, found["loc"])
        fault = _Fault(found, model, key, (*prefix, *key), origin)
        faults.setdefault(fault.key, (fault.text(), fault.hint()))
    if len(faults) == 1:
        ((text, hint),) = faults.values()
        return ConfigError(text, hint=hint)
    lines = [f"\n  {text}" + (f"\n      {hint}" if hint else "") for text, hint in faults.values()]
    return ConfigError(f"the configuration has {len(lines)} faults:" + "".join(lines))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a person may have meant."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), None)


class _Fault:
    def __init__(
        self, found: ErrorDetails, model: type[BaseModel], inner: Key, key: Key, origin: Origin
    ) -> None:
        self.kind, self.value = found["type"], found["input"]
        self.found = found
        self.spot = spot(model, inner) or Spot(object)
        table = spot(model, inner[:-1])
        self.siblings = sorted({name for one in table.models for name in one.model_fields} if table else ())
        self.key, self.origin = key, origin

    def text(self) -> str:
        name = dotted(self.key)
        if self.kind == "extra_forbidden":
            return f"{self.origin.where(self.key)}: there is no key {name}"
        if self.kind == "missing":
            return f"{self.origin.where(self.key)}: {name} is missing; expected {self.spot.expected}"
        return f"{self.origin.where(self.key)}: {name} {self._wrong()}"

    def hint(self) -> str | None:
        if self.kind != "extra_forbidden":
            value = self.spot.example
            telling = value is not None and value != {} and not isinstance(value, BaseModel)
            return f"For example: {self._line(value)}" if telling else None
        near = nearest(str(self.key[-1]), self.siblings)
        if near:
            return f"Did you mean {near}?"
        table = dotted(self.key[:-1])
        return f"{f'[{table}]' if table else 'The file'} knows {', '.join(self.siblings)}."

    def _wrong(self) -> str:
        if self.kind == "value_error":
            return f"{self._shown()}; expected {self.found['ctx']['error']}"
        if self.kind.endswith(("_type", "_parsing")) or self.kind in {"literal_error", "int_from_float"}:
            return f"{self._shown()}; expected {self.spot.expected}"
        words = self.found["msg"].replace("Input should", "it should")
        return f"{self._shown()}; {words[:1].lower()}{words[1:]}"

    def _shown(self) -> str:
        """The value where it can't be a secret; else what kind of value it is."""
        if isinstance(self.value, Mapping | list):
            return "is a table" if isinstance(self.value, Mapping) else "is a list"
        # An @ is where a password ends in an address, or part of a person's own.
        is_plain = self.kind == "value_error" and not self.spot.is_secret and "@" not in str(self.value)
        if self.spot.is_closed or is_plain:
            return f"is {toml_value(self.value)}"
        return f"is {_KINDS.get(type(self.value), 'of another type')}"

    def _line(self, value: object) -> str:
        if self.key in self.origin.others:
            return f"{variable(self.key)}={value}"
        return f"{self.key[-1]} = {toml_value(value)}"


_KINDS: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number with decimals",
}
