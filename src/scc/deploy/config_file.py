"""The configuration as a cluster gets it: the file as it is, with the files that it names, and no secret in it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from scc.errors import ConfigError
from scc.settings import Settings
from scc.settings.keys import spot
from scc.settings.origin import Key, Origin, dotted, find_lines

__all__ = ["config_files"]

_MAY_BE_PLAIN = {
    ("ledger", "url"),
    ("scheduler", "task_history"),
    ("eloqua", "proxy"),
    ("salesforce", "proxy"),
}
"""Addresses, which are secret only where a password stands in them."""
_NAMES_A_SECRET = ("salesforce", "key_file")


def config_files(settings: Settings) -> dict[str, str]:
    """By name: `scc.toml`, and the rules that stand beside it. ConfigError for one that holds a secret."""
    if settings.file is None:
        raise ConfigError(
            "there is no configuration file to deploy", hint="`scc init` writes one; set the schedules in it."
        )
    text = settings.file.read_text(encoding="utf-8")
    leaves = list(_leaves((), tomllib.loads(text)))
    _refuse_secrets(settings.file, text, leaves)
    return {"scc.toml": text, **_beside(settings.file.resolve().parent, leaves)}


def _leaves(key: Key, value: object) -> Iterator[tuple[Key, str]]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _leaves((*key, name), one)
    elif isinstance(value, str):
        yield key, value


def _refuse_secrets(file: Path, text: str, leaves: list[tuple[Key, str]]) -> None:
    origin = Origin(file, find_lines(text))
    found = [f"{dotted(key)} ({origin.where(key)})" for key, value in leaves if _is_secret(key, value)]
    if found:
        raise ConfigError(
            f"the configuration file would take secrets to the cluster in plain text: {', '.join(found)}",
            hint="Take them out of the file, and give them as keys of a Secret (docs/deploy.md); "
            "here, as environment variables or secret files.",
        )


def _is_secret(key: Key, value: str) -> bool:
    place = spot(Settings, key)
    if place is None or SecretStr not in place.kinds:
        return False
    return key not in _MAY_BE_PLAIN or urlsplit(value).password is not None


def _beside(folder: Path, leaves: list[tuple[Key, str]]) -> dict[str, str]:
    """The files that the configuration names, such as rules: in the cluster all lie in one folder."""
    found = {}
    for key, value in leaves:
        if not value.endswith((".toml", ".csv", ".txt", ".pem")) or not (folder / value).is_file():
            continue
        if key == _NAMES_A_SECRET:
            raise ConfigError(
                f"{dotted(key)} would take a private key to the cluster in plain text: {value}",
                hint="Mount the key from a Secret, and name its path in the cluster.",
            )
        if Path(value).name != value:
            raise ConfigError(
                f"{dotted(key)} names a file in another folder: {value}",
                hint="Put it beside the configuration file: the cluster has one folder for both.",
            )
        found[value] = (folder / value).read_text(encoding="utf-8")
    return found
