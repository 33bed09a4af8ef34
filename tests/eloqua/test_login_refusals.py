"""Log-ins that Eloqua refuses: who is not known, or no longer; what the token page says."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.eloqua.instance import Instance
from tests.eloqua.refusing import refused

from scc.eloqua import FileTokenStore, PasswordGrant, RefreshTokenGrant
from scc.errors import (
    CredentialsError,
    RemoteError,
    ThrottledError,
    UnavailableError,
)


def test_password_that_changed_in_the_middle(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """401, and then /id says with status 200 that nobody is known."""
    instance.client.identity()
    monkeypatch.setattr(instance.sandbox.credentials.eloqua, "password", "another")
    instance.control("DELETE", "/requests")

    with pytest.raises(CredentialsError, match="Not authenticated") as caught:
        instance.client.bulk.custom_objects()

    assert caught.value.status == 200
    assert [one["status"] for one in instance.requests("GET", "")] == [401, 200]


def test_token_that_is_refused_however_new(instance: Instance) -> None:
    client = instance.connect(auth=grant(instance))
    client.identity()
    instance.control("DELETE", "/requests")
    instance.fault(action="expire-session", path="/customObjects$", times=None)

    with client, pytest.raises(CredentialsError) as caught:
        client.bulk.custom_objects()

    assert caught.value.status == 401
    assert len(instance.requests("GET", "/customObjects")) == 4, "twice where it was, twice where /id says"


def grant(instance: Instance, **other: str) -> PasswordGrant:
    known = instance.sandbox.credentials.eloqua
    mine = {"client_id": known.client_id, "client_secret": known.client_secret, "company": known.company}
    return PasswordGrant(**{**mine, "user": known.user, "password": known.password, **other})


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"client_secret": "secret"}, 401, "invalid_client 1000"),
        ({"password": "secret"}, 400, "invalid_grant"),
        ({"company": "secret"}, 400, "invalid_grant"),
    ],
)
def test_grant_that_is_refused(instance: Instance, wrong: dict[str, str], status: int, words: str) -> None:
    with instance.connect(auth=grant(instance, **wrong)) as client:
        error = refused(instance, CredentialsError, status, words, client.identity)
    assert error.code == words
    assert "secret" not in f"{error}{error!r}{error.__cause__}".replace("client id and secret", "")


def test_refresh_token_that_is_a_year_old(instance: Instance, tmp_path: Path) -> None:
    known = instance.sandbox.credentials.eloqua
    made = instance.store.tokens.password(f"{known.company}\\{known.user}", known.password)
    auth = RefreshTokenGrant(
        known.client_id,
        known.client_secret,
        FileTokenStore(tmp_path / "tokens.json"),
        str(made["refresh_token"]),
    )
    instance.control("POST", "/clock", {"advance_s": 400 * 24 * 3600})

    with instance.connect(auth=auth) as client:
        error = refused(instance, CredentialsError, 401, "invalid_grant", client.identity)
    assert "new authorization" in str(error.hint)


TOKEN_PAGE = [
    (400, CredentialsError, '{"error": "invalid_request"}'),
    (401, CredentialsError, '{"error": "invalid_client", "error_code": 1000}'),
    (403, CredentialsError, ""),
    (404, CredentialsError, ""),
    (429, ThrottledError, ""),
    (500, UnavailableError, ""),
    (502, UnavailableError, ""),
    (503, UnavailableError, ""),
]


@pytest.mark.parametrize(("status", "kind", "body"), TOKEN_PAGE)
@pytest.mark.parametrize("is_refresh", [False, True], ids=["password", "refresh"])
def test_token_page_out_of_order(
    instance: Instance, tmp_path: Path, status: int, kind: type[RemoteError], body: str, is_refresh: bool
) -> None:
    """A refresh token works once: where it may be spent already, it is not sent again."""
    instance.fault(action="status", status=status, path="/token$", times=None, body=body)
    store = FileTokenStore(tmp_path / "tokens.json")
    refresh = RefreshTokenGrant("sandbox-client", "sandbox-secret", store, "a-refresh-token")
    auth = refresh if is_refresh else grant(instance)

    with (
        instance.connect(auth=auth, retry=instance.waits.policy(10.0)) as client,
        pytest.raises(RemoteError) as caught,
    ):
        client.bulk.custom_objects()

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert "a-refresh-token" not in f"{caught.value}{caught.value.hint}"
    repeated = status == 429 or (status >= 500 and not is_refresh)
    assert len(instance.requests("POST", "/token")) == (5 if repeated else 1)
    assert instance.requests("GET", "/id") == [], "nothing is asked without a token"
    if is_refresh and status >= 500:
        assert "unknown" in str(caught.value.hint)
