from __future__ import annotations

from datetime import date

import pytest

from scc.core.conditions import All, AnyOf, Compare, Not, parse
from scc.errors import ConfigError


def test_conditions_nest():
    raw = {
        "all": [
            {"field": "Status", "op": "!=", "value": "Removed"},
            {
                "any": [
                    {"field": "At", "op": ">=", "value": date(2026, 1, 1)},
                    {"field": "At", "op": "=", "value": ""},
                ]
            },
            {"not": {"field": "Type", "op": "in", "value": ["A", "B"]}},
        ]
    }

    assert parse(raw, where="w") == All(
        (
            Compare("Status", "!=", "Removed"),
            AnyOf((Compare("At", ">=", date(2026, 1, 1)), Compare("At", "=", ""))),
            Not(Compare("Type", "in", ("A", "B"))),
        )
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "w is {}, not a condition"),
        ("Type = 'A'", "not a condition"),
        ({"all": []}, "w.all is not a list of conditions"),
        ({"all": [{"field": "A", "op": "=", "value": 1}, 7]}, "w.all[1] is 7"),
        ({"all": [1], "any": [2]}, "w has the keys all, any"),
        ({"field": "A", "value": 1}, "w has the keys field, value"),
        ({"field": "", "op": "=", "value": 1}, "w.field"),
        ({"field": "A", "op": "==", "value": 1}, "w.op is '=='"),
        ({"field": "A", "op": "in", "value": "x"}, "w.value must be a list"),
        ({"field": "A", "op": "=", "value": [1]}, "w.value must be a text"),
        ({"field": "A", "op": "like", "value": 1}, "w.value must be a text with %"),
        ({"not": {"field": "A", "op": "~", "value": 1}}, "w.not.op"),
    ],
)
def test_what_is_no_condition_is_refused_by_its_place(raw, message):
    with pytest.raises(ConfigError) as caught:
        parse(raw, where="w")

    assert message in caught.value.message
    assert "for example" in str(caught.value.hint)
