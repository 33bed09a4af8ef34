"""One mailbox is told by all its addresses, and by no other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scc.engines.duckdb import DuckDBEngine
from scc.flow.addresses import address_rules, mailbox_keys
from scc.flow.mailbox import HIDDEN, Mailbox

ENGINE, RULES = DuckDBEngine(), address_rules()


def mailbox(address):
    return Mailbox(ENGINE, RULES, address)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann.lee+news@gmail.com", HIDDEN),
        (" AnnLee@GoogleMail.com ", HIDDEN),
        ("annlee@example.com", "annlee@example.com"),
        ("annlee@gmail.com.au", "annlee@gmail.com.au"),
        ("joannlee@gmail.com", "joannlee@gmail.com"),
        ("ask ann.lee@gmail.com.", f"ask {HIDDEN}."),
        ("Ann <annlee@gmail.com>, Joe <joe@gmail.com>", f"Ann <{HIDDEN}>, Joe <joe@gmail.com>"),
        ("mail=annlee@gmail.com&x=1", f"mail={HIDDEN}&x=1"),
        ("'annlee@gmail.com'", f"'{HIDDEN}'"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_addresses_of_the_mailbox_are_hidden_in_any_text(text, expected):
    assert mailbox("Ann.Lee@gmail.com").without(text) == expected


def test_the_key_of_the_mailbox_is_hidden_too():
    ann = mailbox("annlee@gmail.com")

    assert ann.without(ann.key) == HIDDEN


@pytest.mark.parametrize(
    "address", ["o'hara@example.com", "a&b=c@example.com", "a@b@example.com", "müller@example.com"]
)
def test_odd_addresses_are_told_as_whole_values(address):
    assert mailbox(address).is_whole(address.upper())


def test_what_is_no_address_is_told_as_a_whole_value_only():
    ann = mailbox("Ann Lee")

    assert ann.without("ann lee ") == HIDDEN
    assert ann.without("ann lee was here") == "ann lee was here"


LOCAL = st.text("ab.+-_'", min_size=1, max_size=8)
DOMAIN = st.sampled_from(["gmail.com", "googlemail.com", "example.com", "yahoo.com", "outlook.com", "pm.me"])
ADDRESS = st.builds("{}@{}".format, LOCAL, DOMAIN)


@settings(max_examples=15, deadline=None)
@given(ADDRESS, st.lists(ADDRESS, min_size=10, max_size=30))
def test_it_agrees_with_the_rules_whatever_the_addresses(address, others):
    one = mailbox(address)
    keys = mailbox_keys(ENGINE, RULES, others)

    for other, key in zip(others, keys, strict=True):
        is_same = (key != "" and key == one.key) or other.lower() == address.lower()
        assert one.is_whole(other) is is_same, other
        assert (one.without(f"to {other} and me") == f"to {HIDDEN} and me") is (is_same and one.key != "")
