"""Tokens, sessions and the day's limit (sandbox-salesforce.md 1 and 2)."""

from __future__ import annotations

import base64

import pytest

CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
USER = {"username": "api@acme.example", "password": "sandbox"}


def test_client_credentials_in_the_form(api):
    answer = api.form("/services/oauth2/token", grant_type="client_credentials", **CLIENT)

    token = answer.json()
    assert answer.status == 200
    assert token["access_token"].startswith("00D5e0000000001!")
    assert token["instance_url"] == api.url
    assert token["id"] == f"{api.url}/id/00D5e0000000001EAA/0055e0000000001AAA"
    assert token["token_type"] == "Bearer"
    assert token["issued_at"].isdecimal()


def test_client_credentials_as_basic(api):
    """simple-salesforce sends them so."""
    basic = base64.b64encode(b"sandbox-client:sandbox-secret").decode()
    answer = api.pool.request(
        "POST",
        f"{api.url}/services/oauth2/token",
        fields={"grant_type": "client_credentials"},
        encode_multipart=False,
        headers={"Authorization": f"Basic {basic}"},
    )

    assert answer.status == 200


@pytest.mark.parametrize("password", ["sandbox", "sandboxTOKEN"])
def test_password_with_and_without_security_token(api, password):
    answer = api.form(
        "/services/oauth2/token", grant_type="password", **CLIENT, **USER | {"password": password}
    )

    assert answer.status == 200
    assert "scope" not in answer.json()


@pytest.mark.parametrize(
    ("fields", "error", "description"),
    [
        (CLIENT | {"grant_type": "telepathy"}, "unsupported_grant_type", "grant type not supported"),
        (
            {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"},
            "invalid_client_id",
            "client identifier invalid",
        ),
        (
            CLIENT | {"grant_type": "client_credentials", "client_secret": "y"},
            "invalid_client",
            "invalid client credentials",
        ),
        (
            CLIENT | USER | {"grant_type": "password", "password": "no"},
            "invalid_grant",
            "authentication failure",
        ),
        (
            CLIENT | {"grant_type": "refresh_token", "refresh_token": "old"},
            "invalid_grant",
            "expired access/refresh token",
        ),
    ],
)
def test_refusals_are_objects(api, fields, error, description):
    answer = api.form("/services/oauth2/token", **fields)

    assert answer.status == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_an_unknown_token_is_answered_401(api):
    api.headers = {"Authorization": "Bearer nonsense"}
    answer = api.query("SELECT Id FROM Lead")

    assert answer.status == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert "Sforce-Limit-Info" not in answer.headers


def test_sessions_run_out_when_not_used(api):
    api.control("/clock", {"advance_s": 7000})
    assert api.query("SELECT Id FROM Lead").status == 200
    api.control("/clock", {"advance_s": 7000})
    assert api.query("SELECT Id FROM Lead").status == 200
    api.control("/clock", {"advance_s": 7201})

    assert api.query("SELECT Id FROM Lead").status == 401


def test_a_fault_expires_the_session_for_good(api):
    api.control(
        "/faults", [{"system": "salesforce", "action": "expire-session", "path": "/query", "after": 1}]
    )

    statuses = [api.query("SELECT Id FROM Lead").status for _ in range(3)]

    assert statuses == [200, 401, 401]
    api.log_in()
    assert api.query("SELECT Id FROM Lead").status == 200


def test_a_revoked_token_is_no_good(api):
    assert api.form("/services/oauth2/revoke", token=api.headers["Authorization"].split()[1]).status == 200
    assert api.query("SELECT Id FROM Lead").status == 401


def test_every_answer_says_how_much_of_the_day_is_used(api):
    first = api.query("SELECT Id FROM Lead").headers["Sforce-Limit-Info"]
    second = api.query("SELECT nonsense").headers["Sforce-Limit-Info"]

    assert (first, second) == ("api-usage=1/100000", "api-usage=2/100000")


def test_the_days_limit_ends_with_403_until_a_day_has_gone(api, store):
    api.control("/options", {"salesforce": {"daily_api_limit": 2}})
    try:
        statuses = [api.query("SELECT Id FROM Lead").status for _ in range(3)]
        refused = api.query("SELECT Id FROM Lead")
        api.control("/clock", {"advance_s": 25 * 3600})
        api.log_in()

        assert statuses == [200, 200, 403]
        assert refused.json() == [
            {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
        ]
        assert refused.headers["Sforce-Limit-Info"] == "api-usage=2/2"
        assert api.query("SELECT Id FROM Lead").status == 200
    finally:
        api.control("/options", {"salesforce": {"daily_api_limit": 100_000}})


def test_the_identity_url_says_who_it_is(api):
    answer = api.get("/id/00D5e0000000001EAA/0055e0000000001AAA")

    assert answer.status == 200
    assert answer.json()["username"] == "api@acme.example"
    assert answer.json()["urls"]["rest"] == api.url + "/services/data/v{version}/"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/services/data/v30.0/query", 410, "GONE"),
        ("/services/data/v99.0/query", 404, "NOT_FOUND"),
        ("/services/data/v62/query", 404, "NOT_FOUND"),
    ],
)
def test_versions_that_are_gone_or_never_were(api, path, status, code):
    answer = api.get(path)

    assert (answer.status, answer.json()[0]["errorCode"]) == (status, code)


def test_a_wrong_method_is_told_which_are_right(api):
    answer = api.call("PUT", "query")

    assert answer.status == 405
    assert answer.json() == [
        {"message": "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET", "errorCode": "METHOD_NOT_ALLOWED"}
    ]


def test_what_is_not_there_says_so(api):
    answer = api.get("chatter/feeds")

    assert answer.status == 501
    assert answer.json()["missing"] == "GET /services/data/v62.0/chatter/feeds"
