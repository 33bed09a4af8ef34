"""/id and the ways in (sources.md E1)."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

REDIRECT = "https://app.example/callback"
CLIENT = "Basic " + base64.b64encode(b"sandbox-client:sandbox-secret").decode()


def test_id_tells_who_asks_and_where_to_go(api):
    answer = api.get("/id")

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    found = answer.json()
    assert found["site"] == {"id": 1234, "name": "Acme"}
    assert found["user"]["username"] == "api.user"
    assert found["urls"]["base"] == api.url
    assert found["urls"]["apis"]["rest"] == {
        "standard": f"{api.url}/API/REST/{{version}}/",
        "bulk": f"{api.url}/API/Bulk/{{version}}/",
    }


def test_base_urls_carry_the_host_that_the_client_asked_for(api):
    answer = api.get("/id", Host="secure.p04.eloqua.example:8443")

    assert answer.json()["urls"]["base"] == "http://secure.p04.eloqua.example:8443"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic bm9ib2R5",
        "Basic %%%",
        "Basic " + base64.b64encode(b"Acme\\api.user:wrong").decode(),
        "Basic " + base64.b64encode(b"Other\\api.user:sandbox").decode(),
        "Bearer unknown",
        "Digest x",
    ],
)
def test_id_says_not_authenticated_with_status_200_to_strangers(api, header):
    api.headers = {"Authorization": header}

    answer = api.get("/id")

    assert (answer.status, answer.data) == (200, b'"Not authenticated."')


@pytest.mark.parametrize("path", ["/contacts/fields", "/syncs", "/API/REST/1.0/data/contacts"])
def test_everything_else_says_401_to_strangers(api, path):
    api.headers = {}

    assert api.get(path).status == 401


def test_basic_credentials_may_be_broken_into_lines_and_spelt_in_any_case(api):
    encoded = base64.b64encode(b"ACME\\Api.User:sandbox").decode()
    api.headers = {"Authorization": f"basic {encoded[:10]}\t {encoded[10:]}"}

    assert api.get("/contacts/fields").status == 200


@pytest.mark.parametrize("path", ["/API/Bulk/2.0//contacts/fields", "/api/bulk/2.0/CONTACTS/Fields/", "/ID"])
def test_paths_match_in_any_case_with_doubled_slashes(api, path):
    assert api.get(path).status == 200


def token(api, body, authorization=CLIENT, form=False):
    if form:
        return api.post(
            "/auth/oauth2/token",
            urlencode(body).encode(),
            Authorization=authorization,
            Content_Type="application/x-www-form-urlencoded",
        )
    return api.post("/auth/oauth2/token", body, Authorization=authorization)


PASSWORD = {"grant_type": "password", "scope": "full", "username": "Acme\\api.user", "password": "sandbox"}


@pytest.mark.parametrize("form", [False, True])
def test_password_grant_gives_tokens_for_json_and_forms_alike(api, form):
    answer = token(api, PASSWORD, form=form)

    assert answer.status == 200
    granted = answer.json()
    assert (granted["token_type"], granted["expires_in"]) == ("bearer", 28800)
    api.headers = {"Authorization": f"bearer {granted['access_token']}"}
    assert api.get("/id").json()["site"]["name"] == "Acme"


def test_authorization_code_works_once_and_for_its_own_address_only(api):
    query = urlencode(
        {"response_type": "code", "client_id": "sandbox-client", "redirect_uri": REDIRECT, "state": "s"}
    )
    location = urlsplit(api.get(f"/auth/oauth2/authorize?{query}").headers["location"])
    code = parse_qs(location.query)["code"][0]
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}

    assert parse_qs(location.query)["state"] == ["s"]
    assert token(api, {**body, "redirect_uri": "https://elsewhere.example/"}).json() == {
        "error": "invalid_grant"
    }
    query_again = api.get(f"/auth/oauth2/authorize?{query}").headers["location"]
    body["code"] = parse_qs(urlsplit(query_again).query)["code"][0]
    assert token(api, body).status == 200
    assert token(api, body).status == 400


def test_implicit_grant_puts_the_token_into_the_fragment(api):
    query = urlencode({"response_type": "token", "client_id": "sandbox-client", "redirect_uri": REDIRECT})
    fragment = urlsplit(api.get(f"/auth/oauth2/authorize?{query}").headers["location"]).fragment
    api.headers = {"Authorization": f"Bearer {parse_qs(fragment)['access_token'][0]}"}

    assert api.get("/syncs").status == 200


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", 'The "client_id" parameter is required.'),
        ("client_id=other", '"other" is not a known client identifier.'),
    ],
)
def test_authorize_says_on_a_page_what_is_wrong_with_the_client(api, query, text):
    answer = api.get(f"/auth/oauth2/authorize?{query}")

    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.data.decode() == text


def test_a_refresh_token_works_once_and_gives_a_new_one(api):
    first = token(api, PASSWORD).json()["refresh_token"]

    second = token(api, {"grant_type": "refresh_token", "refresh_token": first, "scope": "full"}, form=True)

    assert second.json()["refresh_token"] != first
    assert token(api, {"grant_type": "refresh_token", "refresh_token": first}).status == 400


@pytest.mark.parametrize(("keeps", "status"), [(True, 200), (False, 401)])
def test_whether_a_refresh_ends_the_old_access_token_is_an_option(api, keeps, status):
    api.options(keeps_old_access_token=keeps)
    granted = token(api, PASSWORD).json()
    token(api, {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]})
    api.headers = {"Authorization": f"Bearer {granted['access_token']}"}

    assert api.get("/syncs").status == status


def test_tokens_end_by_the_sandboxs_clock(api):
    granted = token(api, PASSWORD).json()
    api.headers = {"Authorization": f"Bearer {granted['access_token']}"}
    assert api.get("/syncs").status == 200

    api.control("/clock", {"advance_s": 28_801})
    assert api.get("/syncs").status == 401

    api.control("/clock", {"advance_s": 366 * 86_400})
    answer = token(api, {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]})
    assert (answer.status, answer.json()["error"]) == (401, "invalid_grant")


def test_an_unknown_client_gets_401_with_an_error_code(api):
    answer = token(api, PASSWORD, authorization="Basic eDp5")

    assert answer.status == 401
    assert answer.json()["error"] == "invalid_client"
    assert isinstance(answer.json()["error_code"], int)


@pytest.mark.parametrize("body", [{}, {"grant_type": "client_credentials"}, {**PASSWORD, "password": "no"}])
def test_what_grants_nothing_is_400(api, body):
    assert token(api, body).status == 400


def test_the_fault_expire_session_ends_the_token_that_is_shown(api):
    granted = token(api, PASSWORD).json()
    api.headers = {"Authorization": f"Bearer {granted['access_token']}"}
    api.control("/faults", [{"action": "expire-session", "path": "/syncs"}])

    assert [api.get("/syncs").status for _ in range(2)] == [401, 401]
    assert api.get("/id").data == b'"Not authenticated."'


def test_the_fault_expire_session_refuses_basic_credentials_once(api):
    api.control("/faults", [{"action": "expire-session", "path": "/syncs"}])

    assert [api.get("/syncs").status for _ in range(2)] == [401, 200]
