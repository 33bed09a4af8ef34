"""Tokens: fetched, rotated, kept, shared; spent once and never lost."""

from __future__ import annotations

import json
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.eloqua.instance import Instance
from tests.eloqua.scripted import Script, json_reply, scripted_eloqua
from tests.scripted import Answer, Seen, hang_up, reply

from scc.eloqua import FileTokenStore, MemoryTokenStore, PasswordGrant, RefreshTokenGrant, Tokens
from scc.eloqua.oauth import _Signer
from scc.errors import ConfigError, CorruptError, CredentialsError, UnavailableError

TOKEN = ("POST", "/auth/oauth2/token")
LIST = ("GET", "/customObjects")
NOTHING = json_reply({"items": [], "hasMore": False})


@pytest.fixture
def store(tmp_path: Path) -> FileTokenStore:
    return FileTokenStore(tmp_path / "tokens.json")


def password(instance: Instance, **other: str) -> PasswordGrant:
    known = instance.sandbox.credentials.eloqua
    mine = {"client_id": known.client_id, "client_secret": known.client_secret, "company": known.company}
    return PasswordGrant(**{**mine, "user": known.user, "password": known.password, **other})


@pytest.fixture
def first_refresh_token(instance: Instance) -> str:
    """What a person's authorization would have left behind."""
    known = instance.sandbox.credentials.eloqua
    store = instance.sandbox.state.store(type(instance.store))
    made = store.tokens.password(f"{known.company}\\{known.user}", known.password)
    return str(made["refresh_token"])


def refreshing(instance: Instance, store: Any, first: str | None = None) -> RefreshTokenGrant:
    known = instance.sandbox.credentials.eloqua
    return RefreshTokenGrant(known.client_id, known.client_secret, store, first)


def kept(store: FileTokenStore) -> Tokens:
    found = store.load()
    assert found is not None
    return found


def test_password_grant_opens_the_door(instance: Instance) -> None:
    client = instance.connect(auth=password(instance))

    assert client.bulk.custom_objects() == []
    assert client.identity().site_name == "Acme"
    assert len(instance.requests("POST", "/auth/oauth2/token")) == 1


@pytest.mark.parametrize("wrong", [{"client_secret": "x"}, {"password": "x"}, {"user": "x"}])
def test_refused_grant_is_a_credentials_error(instance: Instance, wrong: dict[str, str]) -> None:
    with pytest.raises(CredentialsError, match="invalid_"):
        instance.connect(auth=password(instance, **wrong)).identity()


def test_token_that_ended_early_is_replaced_in_the_middle(instance: Instance) -> None:
    client = instance.connect(auth=password(instance))
    client.identity()
    instance.control("POST", "/clock", {"advance_s": 9 * 3600})

    assert client.bulk.custom_objects() == []
    assert len(instance.requests("POST", "/auth/oauth2/token")) == 2


def test_token_that_ended_before_the_identity_is_replaced_too(
    instance: Instance, store: FileTokenStore
) -> None:
    """/id says "Not authenticated." with 200 to an old token."""
    known = instance.sandbox.credentials.eloqua
    made = instance.store.tokens.password(f"{known.company}\\{known.user}", known.password)
    store.save(Tokens(str(made["refresh_token"]), "an old token", time.time() + 3600))

    assert instance.connect(auth=refreshing(instance, store)).identity().site_name == "Acme"


def test_refresh_token_is_rotated_and_kept(
    instance: Instance, store: FileTokenStore, first_refresh_token: str
) -> None:
    client = instance.connect(auth=refreshing(instance, store, first_refresh_token))
    client.bulk.custom_objects()
    first = kept(store)
    instance.control("POST", "/clock", {"advance_s": 9 * 3600})
    client.bulk.custom_objects()
    second = kept(store)

    assert len({first_refresh_token, first.refresh_token, second.refresh_token}) == 3
    assert first.access_token != second.access_token


def test_next_process_goes_on_with_the_kept_tokens(
    instance: Instance, store: FileTokenStore, first_refresh_token: str
) -> None:
    instance.connect(auth=refreshing(instance, store, first_refresh_token)).identity()

    instance.connect(auth=refreshing(instance, store)).identity()

    assert len(instance.requests("POST", "/auth/oauth2/token")) == 1, "the access token is still good"


def test_processes_that_share_a_store_spend_each_token_once(
    instance: Instance, store: FileTokenStore, first_refresh_token: str, tmp_path: Path
) -> None:
    """The other has refreshed; its refresh ended our access token. We take its new one."""
    ours = instance.connect(auth=refreshing(instance, store, first_refresh_token))
    ours.identity()
    theirs = instance.connect(auth=refreshing(instance, FileTokenStore(tmp_path / "tokens.json")))
    theirs.identity()
    instance.control("POST", "/clock", {"advance_s": 9 * 3600})

    assert theirs.bulk.custom_objects() == []
    assert ours.bulk.custom_objects() == []
    assert len(instance.requests("POST", "/auth/oauth2/token")) == 2


def test_threads_spend_each_token_once(
    instance: Instance, store: FileTokenStore, first_refresh_token: str
) -> None:
    client = instance.connect(auth=refreshing(instance, store, first_refresh_token))
    failed: list[Exception] = []

    def work() -> None:
        try:
            client.bulk.custom_objects()
        except Exception as exc:  # noqa: BLE001  # shown by the assertion
            failed.append(exc)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(instance.requests("POST", "/auth/oauth2/token")) == 1


def test_spent_refresh_token_asks_for_a_new_authorization(
    instance: Instance, store: FileTokenStore, first_refresh_token: str
) -> None:
    instance.store.tokens.refresh(first_refresh_token)

    with pytest.raises(CredentialsError, match="invalid_grant") as caught:
        instance.connect(auth=refreshing(instance, store, first_refresh_token)).identity()
    assert "authorization" in str(caught.value.hint)
    assert first_refresh_token not in f"{caught.value}{caught.value.hint}"


def test_store_that_can_not_be_written_is_found_out_before_the_token_is_spent(
    instance: Instance, tmp_path: Path, first_refresh_token: str
) -> None:
    store = FileTokenStore(tmp_path / "missing" / "tokens.json")

    with pytest.raises(ConfigError, match="missing"):
        instance.connect(auth=refreshing(instance, store, first_refresh_token)).identity()

    assert instance.requests("POST", "/auth/oauth2/token") == []


def test_no_refresh_token_at_all_is_a_configuration_error(instance: Instance, store: FileTokenStore) -> None:
    with pytest.raises(ConfigError, match="no refresh token"):
        instance.connect(auth=refreshing(instance, store)).identity()


def scripted_grant(*answers: Answer, store: Any) -> Any:
    script: Script = {TOKEN: list(answers), LIST: NOTHING}
    return scripted_eloqua(
        script, auth=RefreshTokenGrant("id", "secret", store, "r0", redirect_uri="https://x.example")
    )


def tokens(number: int, **more: Any) -> dict[str, Any]:
    return {"access_token": f"a{number}", "token_type": "bearer", "expires_in": 28800, **more}


def test_new_token_is_kept_before_the_access_token_is_used(store: FileTokenStore) -> None:
    def listing(seen: Seen) -> Answer:
        assert seen.headers["Authorization"] == "Bearer a1"
        assert kept(store).refresh_token == "r1"
        return NOTHING

    script: Script = {TOKEN: json_reply(tokens(1, refresh_token="r1")), LIST: listing}
    with scripted_eloqua(script, auth=RefreshTokenGrant("id", "secret", store, "r0")) as (client, _):
        assert client.bulk.custom_objects() == []


def test_refresh_is_asked_for_as_eloqua_wants_it(store: FileTokenStore) -> None:
    with scripted_grant(json_reply(tokens(1, refresh_token="r1")), store=store) as (client, server):
        client.identity()

    (asked,) = [seen for seen in server.requests if seen.method == "POST"]
    assert asked.headers["Authorization"] == "Basic aWQ6c2VjcmV0"
    assert json.loads(asked.body) == {
        "grant_type": "refresh_token",
        "refresh_token": "r0",
        "scope": "full",
        "redirect_uri": "https://x.example",
    }


def test_answer_without_a_new_refresh_token_keeps_the_old_one(store: FileTokenStore) -> None:
    with scripted_grant(json_reply({"access_token": "a1"}), store=store) as (client, server):
        client.bulk.custom_objects()

    assert (kept(store).refresh_token, kept(store).access_token) == ("r0", "a1")
    assert [seen.path for seen in server.requests].count(TOKEN[1]) == 1


@pytest.mark.parametrize("fault", [hang_up(), reply(503)])
def test_lost_answer_is_not_asked_for_again_and_says_what_it_may_mean(
    fault: Answer, store: FileTokenStore
) -> None:
    with (
        scripted_grant(fault, store=store) as (client, server),
        pytest.raises(UnavailableError) as caught,
    ):
        client.identity()
    assert "spent is unknown" in str(caught.value.hint)
    assert len(server.requests) == 1


def test_throttled_token_page_is_asked_again(store: FileTokenStore) -> None:
    with scripted_grant(reply(429), json_reply(tokens(1, refresh_token="r1")), store=store) as (client, _):
        assert client.bulk.custom_objects() == []


def test_throttled_for_long_is_no_loss(store: FileTokenStore) -> None:
    with (
        scripted_grant(reply(429, headers={"Retry-After": "9999"}), store=store) as (client, _),
        pytest.raises(UnavailableError, match="429"),
    ):
        client.identity()
    assert kept(store).refresh_token == "r0"


def test_file_is_for_its_owner_alone(store: FileTokenStore, tmp_path: Path) -> None:
    store.save(Tokens("r1", "a1", 5.0))
    with store.lock():
        assert store.load() == Tokens("r1", "a1", 5.0)

    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tokens.json", "tokens.json.lock"]


def test_save_that_fails_leaves_what_was_there(
    store: FileTokenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(Tokens("r1"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        store.save(Tokens("r2"))

    assert kept(store) == Tokens("r1")
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.json"]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"refresh_token": 5}', '{"refresh_token": "r", "expires_at": "x"}', "[" * 99999],
)
def test_file_that_holds_no_tokens_is_corrupt(store: FileTokenStore, tmp_path: Path, content: str) -> None:
    (tmp_path / "tokens.json").write_text(content)

    with pytest.raises(CorruptError, match=r"tokens\.json"):
        store.load()


def test_file_with_a_refresh_token_alone_is_enough_to_begin(store: FileTokenStore, tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text('{"refresh_token": "r0"}')

    assert store.load() == Tokens("r0")


def test_secrets_show_in_no_repr(store: FileTokenStore) -> None:
    grants = [
        RefreshTokenGrant("id", "s3cret", store, "s3cret"),
        PasswordGrant("id", "s3cret", "c", "u", "s3cret"),
        Tokens("s3cret", "s3cret"),
    ]

    assert "s3cret" not in repr(grants)


def test_thread_that_never_asked_may_renew() -> None:
    def fetch(*_: object) -> Tokens:
        return Tokens("r", "fresh", time.time() + 999)

    signer = _Signer(None, MemoryTokenStore(), fetch)  # type: ignore[arg-type]  # fetch does not use the page

    assert signer.renew()
    assert signer.headers() == {"Authorization": "Bearer fresh"}
