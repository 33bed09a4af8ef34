"""Every rendered object is what the last three versions of Kubernetes, OpenShift and the operator take."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

HERE = Path(__file__).parent
SCHEMAS = json.loads((HERE / "schemas.json").read_text(encoding="utf-8"))
OPERATOR = json.loads((HERE / "operator.json").read_text(encoding="utf-8"))
# The package reads its megabytes of definitions anew for each object.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)
# It names each version more than once.
MINORS = sorted({tuple(map(int, one.split(".")[:2])) for one in kubernetes_validate.utils.all_versions()})
VERSIONS = [f"{major}.{minor}.0" for major, minor in MINORS[-3:]]


def closed(schema):
    """The schema, with no key that it does not name: what is not known an API server would drop in silence."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {}
    return more | {key: closed(part) for key, part in schema.items()}


def check(one, version):
    kind = f"{one['apiVersion']} {one['kind']}"
    if kind in OPERATOR:
        jsonschema.Draft202012Validator(closed(OPERATOR[kind])).validate(one)
        return
    if kind not in SCHEMAS:
        kubernetes_validate.validate(one, version, strict=True)
        return
    whole = {
        "$defs": SCHEMAS["$defs"],
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": True,
            "kind": True,
            "metadata": SCHEMAS["$defs"]["metadata"],
            "spec": SCHEMAS[kind],
        },
    }
    jsonschema.Draft202012Validator(whole).validate(one)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid_and_has_no_key_that_is_not_known(objects, version):
    for one in objects:
        check(one, version)

    assert len(objects) > 15


def test_the_versions_are_the_last_three():
    (major, first), *_, last = MINORS[-3:]

    assert [f"{major}.{first + later}.0" for later in range(3)] == VERSIONS
    assert last == (major, first + 2)


def test_a_key_that_is_not_known_is_found(objects):
    for one in objects:
        if "spec" not in one:
            continue
        wrong = copy.deepcopy(one)
        wrong["spec"]["specs"] = 1
        with pytest.raises(jsonschema.ValidationError, match="specs"):
            check(wrong, VERSIONS[-1])


def test_names_are_given_once_and_kinds_are_the_ones_meant(objects):
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]

    assert len(names) == len(set(names))
    assert "Secret" not in {kind for kind, _ in names}
