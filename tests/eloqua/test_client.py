"""Finding the instance, and being refused by it."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from tests.eloqua.scripted import identity, json_reply, scripted_eloqua
from tests.scripted import Answer, ScriptedServer, Seen, reply

import scc.eloqua
from scc.eloqua import BasicAuth, EloquaClient, InvalidConflictError, InvalidError, contacts
from scc.errors import ConfigError, CredentialsError, DataError, NotFoundError, QuotaError, RefusedError

LIST = ("GET", "/customObjects")
NOTHING = json_reply({"items": [], "hasMore": False})


def test_identity_says_where_the_instance_lives() -> None:
    with scripted_eloqua({}) as (client, server):
        found = client.identity()

        assert (found.site_id, found.site_name, found.user_name) == (1234, "Acme", "api.user")
        assert found.base_url == server.url
        assert found.bulk_url == f"{server.url}/API/Bulk/2.0"
        assert found.rest_url == f"{server.url}/API/REST/{{version}}"
        assert server.requests[0].headers["Authorization"] == "Basic QWNtZVxhcGkudXNlcjpwYXNz"
        assert "api.user" not in repr(found)


def test_identity_is_asked_for_once() -> None:
    with scripted_eloqua({LIST: NOTHING}) as (client, server):
        client.bulk.custom_objects()
        client.bulk.custom_objects()
        client.identity()

        assert [seen.path for seen in server.requests].count("/id") == 1


def test_not_authenticated_comes_with_status_200_and_is_an_error() -> None:
    with (
        scripted_eloqua({("GET", "/id"): json_reply("Not authenticated.")}) as (client, server),
        pytest.raises(CredentialsError, match="Not authenticated"),
    ):
        client.bulk.custom_objects()
    assert len(server.requests) == 1


def test_identity_that_is_no_identity_is_a_data_error() -> None:
    with (
        scripted_eloqua({("GET", "/id"): json_reply({"site": {"id": "x"}})}) as (client, _),
        pytest.raises(DataError, match="user"),
    ):
        client.identity()


def test_identity_with_a_number_that_is_none_is_a_data_error() -> None:
    body = identity("http://x.example")
    body["site"]["id"] = "many"
    with (
        scripted_eloqua({("GET", "/id"): json_reply(body)}) as (client, _),
        pytest.raises(DataError, match="whole number in 'id'"),
    ):
        client.identity()


@pytest.mark.parametrize("status", [401, 301])
def test_moved_instance_is_found_again_once(status: int) -> None:
    """The old pod refuses; /id then names the new one."""
    with ScriptedServer() as old, ScriptedServer() as new:
        old.then(json_reply(identity(old.url)), reply(status), json_reply(identity(new.url)))
        new.then(NOTHING)
        with EloquaClient(auth=BasicAuth("Acme", "u", "p"), login_url=old.url) as client:
            assert client.bulk.custom_objects() == []
            assert client.identity().base_url == new.url

        assert [seen.path for seen in old.requests] == ["/id", "/API/Bulk/2.0/customObjects", "/id"]
        assert [seen.path for seen in new.requests] == ["/API/Bulk/2.0/customObjects"]


def test_refusal_at_the_base_found_again_is_final() -> None:
    with scripted_eloqua({LIST: reply(401)}) as (client, server), pytest.raises(CredentialsError):
        client.bulk.custom_objects()
    assert [seen.path.rpartition("/")[2] for seen in server.requests] == ["id", "customObjects"] * 2


def test_threads_refused_together_ask_once_where_the_instance_is() -> None:
    """/id is throttled. While one call is refused, another has found the base again."""
    listings: list[Answer] = [reply(401), NOTHING]

    def listing(_: Seen) -> Answer:
        if len(listings) == 2:
            client._find_again(client.identity())
        return listings.pop(0)

    with scripted_eloqua({LIST: listing}) as (client, server):
        assert client.bulk.custom_objects() == []

    assert [seen.path for seen in server.requests].count("/id") == 2


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ([], "list"),
        ({"items": [], "hasMore": True}, "does not advance"),
        ({"items": ["x"]}, "list of objects"),
        ({"items": [{"uri": "/customObjects/x", "name": "jane"}]}, "without an id"),
        ({"items": [{"uri": "/customObjects/1", "name": 5}]}, "no text in 'name'"),
        ({"items": [{"uri": "/customObjects/1"}]}, "no text in 'name'"),
    ],
)
def test_listing_that_is_none_is_a_data_error(item: object, why: str) -> None:
    with (
        scripted_eloqua({LIST: json_reply(item)}) as (client, _),
        pytest.raises(DataError, match=why) as caught,
    ):
        client.bulk.custom_objects()
    assert "jane" not in str(caught.value)


def test_forbidden_is_final_at_once() -> None:
    with (
        scripted_eloqua({LIST: reply(403)}) as (client, server),
        pytest.raises(CredentialsError, match="403"),
    ):
        client.bulk.custom_objects()
    assert len(server.requests) == 2


def test_base_without_https_gets_no_credentials_from_a_login_with_https() -> None:
    body = identity("http://secure.p04.eloqua.example")
    assert body["urls"]["base"].startswith("http:")
    with scripted_eloqua({("GET", "/id"): json_reply(body)}) as (client, _):
        client._login_url = client._login_url.replace("http:", "https:")
        client._ask = lambda: body  # type: ignore[method-assign]  # a TLS server for one line is too much

        with pytest.raises(DataError, match="https"):
            client.identity()


def test_failures_of_bulk_are_quoted_without_their_values() -> None:
    failure = {
        "field": "filter",
        "value": "jane@example.com",
        "constraint": "Must reference an existing object.",
    }
    script = {("POST", "/contacts/exports"): json_reply({"failures": [failure]}, 400)}

    with scripted_eloqua(script) as (client, _), pytest.raises(InvalidError) as caught:
        client.bulk.create_export(contacts(), {"Id": "{{Contact.Id}}"})

    assert "filter: Must reference an existing object." in str(caught.value)
    assert "jane" not in f"{caught.value}{caught.value.hint}{caught.value.failures}"
    assert caught.value.failures[0].value == "jane@example.com"
    assert caught.value.status == 400


def test_validation_errors_of_rest_are_quoted_without_their_values() -> None:
    error = {
        "type": "ObjectValidationError",
        "container": {"type": "ObjectKey", "objectType": "Contact", "objectId": "1"},
        "property": "emailAddress",
        "requirement": {"type": "UniquenessRequirement"},
        "value": "jane@example.com",
    }
    with (
        scripted_eloqua({LIST: json_reply([error], 409)}) as (client, _),
        pytest.raises(InvalidConflictError, match="emailAddress: UniquenessRequirement") as caught,
    ):
        client.bulk.custom_objects()
    assert caught.value.code == "ObjectValidationError"
    assert "jane" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b"", RefusedError),
        (400, b'{"failures": 5}', RefusedError),
        (404, b"<html>jane</html>", NotFoundError),
        (410, b"", NotFoundError),
        (413, b'"jane"', QuotaError),
        (409, b"[[[", RefusedError),
    ],
)
def test_refusals_of_any_shape_become_errors_without_values(
    status: int, body: bytes, kind: type[Exception]
) -> None:
    with scripted_eloqua({LIST: reply(status, body)}) as (client, _), pytest.raises(kind) as caught:
        client.bulk.custom_objects()
    assert str(status) in str(caught.value)
    assert "jane" not in str(caught.value)


@pytest.mark.parametrize("credentials", [("", "u", "p"), ("c", "", "p"), ("c", "u", "")])
def test_blank_credentials_are_a_configuration_error(credentials: tuple[str, str, str]) -> None:
    with pytest.raises(ConfigError, match="blank"):
        BasicAuth(*credentials)


def test_format_of_pages_has_three_words() -> None:
    with pytest.raises(ConfigError, match="xml"):
        EloquaClient(auth=BasicAuth("c", "u", "p"), pages="xml")  # type: ignore[arg-type]  # the fault under test


def test_credentials_show_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with scripted_eloqua({LIST: NOTHING}) as (client, _):
        client.bulk.custom_objects()

    assert "GET /API/Bulk/2.0/customObjects" in caplog.text
    assert "QWNtZVx" not in caplog.text
    assert "pass" not in repr(BasicAuth("Acme", "api.user", "pass"))


def test_exported_names_are_all_and_sorted() -> None:
    assert sorted(scc.eloqua.__all__) == scc.eloqua.__all__
    assert all(hasattr(scc.eloqua, name) for name in scc.eloqua.__all__)


def test_import_leaves_the_heavy_parts_for_later() -> None:
    code = (
        "import sys, scc.eloqua; print(sorted({'pyarrow', 'luigi', 'pydantic', 'duckdb'} & set(sys.modules)))"
    )

    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
        == "[]\n"
    )
