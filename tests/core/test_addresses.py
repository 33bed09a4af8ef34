from __future__ import annotations

import tomllib
from importlib.resources import files

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scc.core.addresses import parse_rules
from scc.errors import ConfigError

RULES = parse_rules(
    tomllib.loads(files("scc.rules").joinpath("addresses.toml").read_text(encoding="utf-8")),
    where="addresses.toml",
)


def told(expression, address):
    ((found,),) = duckdb.execute(f"SELECT {expression}", {"a": address}).fetchall()
    return found


def mailbox(address):
    return told(RULES.mailbox("$a"), address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (" Ann.Lee@Example.COM ", "ann.lee@example.com"),
        ("Ann.Lee+news@gmail.com", "annlee@gmail.com"),
        ("annlee@googlemail.com", "annlee@gmail.com"),
        ("ann.lee+x@outlook.com", "ann.lee@outlook.com"),
        ("ann+x@hotmail.com", "ann@hotmail.com"),
        ("ann-shop@yahoo.com", "ann@yahoo.com"),
        ("ann+x@example.com", "ann+x@example.com"),
        ("+x@gmail.com", "+x@gmail.com"),
        ("o'hara@example.com", "o'hara@example.com"),
        ("a@b@example.com", "a@b@example.com"),
        ("no address", ""),
        ("@example.com", ""),
        (".+x@gmail.com", ""),
        ("ann@", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_mailbox_is_told_by_its_providers_rules(address, expected):
    assert mailbox(address) == expected


@settings(max_examples=200)
@given(st.text(max_size=20), st.sampled_from(["gmail.com", "example.com", "yahoo.com", "proton.me"]))
def test_the_mailbox_of_a_mailbox_is_itself(local, domain):
    once = mailbox(f"{local}@{domain}")

    assert mailbox(once) == once


def test_a_key_tells_nothing_and_none_has_none():
    key = told(RULES.key("$a"), "ann@example.com")

    assert len(key) == 64
    assert "ann" not in key
    assert told(RULES.key("$a"), "none") == ""


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"providers": []}, "only `tag` and"),
        ({"provider": [{"domains": []}]}, "provider 1 has no list of domains"),
        ({"provider": [{"domains": ["a.b"], "dots": True}]}, "provider 1 may have"),
        ({"provider": [{"domains": ["a.b"], "tag": 1}]}, "provider 1: canonical and tag are texts"),
        ({"tag": 1}, "tag is a text"),
    ],
)
def test_rules_that_cannot_be_read_are_named(raw, message):
    with pytest.raises(ConfigError, match=r"rules\.toml") as caught:
        parse_rules(raw, where="rules.toml")

    assert message in caught.value.message
