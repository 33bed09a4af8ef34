"""Gather the raw configuration: one TOML file, above it the environment, above it secret files.

Only this package reads the environment. Values stay as they came, with their origin; the
sections' models judge them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from scc.errors import ConfigError
from scc.settings.keys import spot
from scc.settings.origin import Key, Origin, find_lines

__all__ = ["CONFIG_NAME", "Gathered", "gather"]

CONFIG_NAME = "scc.toml"
SECRETS = Path("/run/secrets/scc")

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gathered:
    """`base` is the folder that relative paths start from."""

    tree: Tree
    origin: Origin
    base: Path


def gather(model: type[BaseModel], config: Path | None, environ: Mapping[str, str]) -> Gathered:
    """Read everything that is there; ConfigError where a named file is not, or is not TOML."""
    path = _find(config, environ)
    text = _read(path) if path else ""
    tree = _parse(text, path)
    others: dict[Key, str] = {}
    for parts, value, place in (*_variables(environ), *_secret_files(environ)):
        key = _match(parts, tree)
        others[key] = place
        _put(tree, key, _typed(model, key, value))
    base = path.resolve().parent if path else Path.cwd()
    return Gathered(tree, Origin(path, find_lines(text), others), base)


def _find(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = config or (Path(environ["SCC_CONFIG"]) if environ.get("SCC_CONFIG") else None)
    if named is None:
        return Path(CONFIG_NAME) if Path(CONFIG_NAME).is_file() else None
    if not named.is_file():
        by = "--config" if config else "SCC_CONFIG"
        raise ConfigError(
            f"there is no configuration file {named} (named by {by})",
            hint=f"Mend {by}, or write a file with `scc init`.",
        )
    return named


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8", hint="Save the file as UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from None


def _parse(text: str, path: Path | None) -> Tree:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, at, place = str(error).partition(" (at ")
        line = re.match(r"line (\d+), column (\d+)", place) if at else None
        where = f"{path}, line {line[1]}, column {line[2]}" if line else f"{path}, at the end"
        raise ConfigError(
            f"{where}: not TOML: {what[:1].lower()}{what[1:]}",
            hint='Texts stand in quotes, and each key stands once: company = "Acme".',
        ) from None


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[list[str], str, str]]:
    """SCC_SECTION__KEY. Names without __ are left alone: Kubernetes puts SCC_PORT and the like there."""
    for name in sorted(environ):
        if name.startswith("SCC_") and "__" in name:
            yield name.removeprefix("SCC_").split("__"), environ[name], f"environment variable {name}"


def _secret_files(environ: Mapping[str, str]) -> Iterator[tuple[list[str], str, str]]:
    """A file a key, `eloqua.password` or `eloqua__password`; Kubernetes' own `..data` is left alone."""
    named = environ.get("SCC_SECRETS_DIR")
    folder = Path(named) if named else SECRETS
    if not folder.is_dir():
        if named:
            raise ConfigError(f"there is no folder {folder} (named by SCC_SECRETS_DIR)")
        return
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            yield re.split(r"\.|__", path.name), _read(path).rstrip("\r\n"), f"secret file {path}"


def _match(parts: list[str], tree: Tree) -> Key:
    """The key that a name without case stands for: as the file spells it, else in lower case.

    Pipelines are named with hyphens, which variables can't hold.
    """
    key: list[str] = []
    table: object = tree
    for at, part in enumerate(parts):
        name = part.lower().replace("_", "-") if at == 1 and key == ["pipelines"] else part.lower()
        known = {one.lower(): one for one in table} if isinstance(table, dict) else {}
        key.append(known.get(name, name))
        table = table.get(key[-1]) if isinstance(table, dict) else None
    return tuple(key)


def _put(tree: Tree, key: Key, value: object) -> None:
    table: Any = tree
    for part in key[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            return  # the file has a value where a table belongs, and is told so
    table[key[-1]] = value


def _typed(model: type[BaseModel], key: Key, text: str) -> object:
    """A text for a key that takes one, else the value that it spells in TOML."""
    place = spot(model, key)
    if place and place.takes_text:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
