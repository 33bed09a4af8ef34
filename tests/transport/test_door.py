"""The one HTTP door, against a real server that misbehaves by script."""

from __future__ import annotations

import contextlib
import gzip
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.scripted import Answer, ScriptedServer, cut, garbage, hang, hang_up, reply

from scc.errors import (
    ConfigError,
    CredentialsError,
    DataError,
    NotFoundError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from scc.transport import Exchange, Response, RetryPolicy, Transport, explain_status, retry_after_s


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def policy(self, **options: Any) -> RetryPolicy:
        return RetryPolicy(sleep=self.sleep, clock=lambda: self.now, dice=lambda: 1.0, **options)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


def transport(clock: Clock, **options: Any) -> Transport:
    options.setdefault("retry", clock.policy())
    return Transport("test", **options)


def test_request_gives_the_whole_answer(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(200, b'{"a": "\xc3\xa4"}', {"X-Request-Id": "abc/1"}))

    response = transport(clock).request(
        "GET", f"{server.url}/x", params={"q": "a b&c", "no": None, "yes": True}
    )

    assert response.json() == {"a": "ä"}
    assert response.headers["x-request-ID"] == "abc/1"
    assert (server.requests[0].path, server.requests[0].query) == ("/x", "q=a%20b%26c&yes=true")


def test_json_goes_out_as_utf8_and_not_as_escapes(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(201))

    transport(clock).request("POST", server.url, json={"name": "Ünï"})

    assert server.requests[0].body == '{"name":"Ünï"}'.encode()
    assert server.requests[0].headers["Content-Type"] == "application/json"


def test_gzip_is_asked_for_and_undone(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(200, gzip.compress(b"plain"), {"Content-Encoding": "gzip"}))

    assert transport(clock).request("GET", server.url).body == b"plain"
    assert server.requests[0].headers["Accept-Encoding"] == "gzip"


def test_body_in_pieces_is_sent_again_whole(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(429), reply(204))

    transport(clock).request("POST", server.url, body=[b"one,", b"two"])

    assert [seen.body for seen in server.requests] == [b"one,two", b"one,two"]


def test_body_that_can_be_read_once_is_never_sent_twice(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(429), reply(204))

    with pytest.raises(ThrottledError):
        transport(clock).request("POST", server.url, body=iter([b"once"]))

    assert [seen.body for seen in server.requests] == [b"once"]


def test_fault_of_the_callers_body_is_not_taken_for_the_networks(
    server: ScriptedServer, clock: Clock
) -> None:
    class Broken:
        def __iter__(self) -> Iterator[bytes]:
            yield b"one"
            raise FileNotFoundError("part-2")

    server.then(reply(204))

    with pytest.raises(FileNotFoundError, match="part-2"):
        transport(clock).request("PUT", server.url, body=Broken())
    assert clock.waits == []


@pytest.mark.parametrize(
    "answer", [reply(500), reply(502), reply(503), reply(504), hang_up(), cut(3, b"0123456789")]
)
def test_idempotent_call_is_repeated_after_a_failure(
    server: ScriptedServer, clock: Clock, answer: Any
) -> None:
    server.then(answer, answer, reply(200, b"done"))

    assert transport(clock).request("GET", server.url).body == b"done"
    assert clock.waits == [0.5, 1.0]


@pytest.mark.parametrize("answer", [reply(500), reply(503), hang_up(), cut(3, b"0123456789")])
def test_post_is_not_repeated_when_it_may_have_been_processed(
    server: ScriptedServer, clock: Clock, answer: Any
) -> None:
    server.then(answer, reply(200))

    with pytest.raises(UnavailableError):
        transport(clock).request("POST", server.url, json={})

    assert len(server.requests) == 1


def test_post_that_may_run_twice_is_repeated(server: ScriptedServer, clock: Clock) -> None:
    server.then(hang_up(), reply(201, b"made"))

    assert transport(clock).request("POST", server.url, json={}, idempotent=True).body == b"made"


@pytest.mark.parametrize(
    ("before", "in_doubt"),
    [(hang_up(), True), (reply(503), True), (reply(429, b"", {"Retry-After": "0"}), False), (None, False)],
)
def test_refusal_tells_whether_the_call_may_have_been_processed_before(
    server: ScriptedServer, clock: Clock, before: Answer | None, in_doubt: bool
) -> None:
    server.then(*([before] if before else []), reply(404))

    with pytest.raises(NotFoundError) as caught:
        transport(clock).request("DELETE", server.url)

    assert caught.value.in_doubt is in_doubt


def test_missing_operation_is_not_asked_for_again(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(501), reply(200))

    with pytest.raises(RefusedError):
        transport(clock).request("GET", server.url)
    assert len(server.requests) == 1


def test_throttled_post_waits_as_long_as_asked(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(429, headers={"Retry-After": "7"}), reply(201))

    assert transport(clock).request("POST", server.url, json={}).status == 201
    assert clock.waits == [7.0]


def test_throttled_for_longer_than_the_budget_ends_at_once(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(429, headers={"Retry-After": "3600"}))

    with pytest.raises(ThrottledError) as caught:
        transport(clock).request("GET", server.url)

    assert caught.value.retry_after_s == 3600
    assert clock.waits == []


def test_budget_bounds_all_attempts_together(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(503))

    with pytest.raises(UnavailableError):
        transport(clock, retry=clock.policy(budget_s=20, max_wait_s=4)).request("GET", server.url)

    assert clock.waits == [0.5, 1, 2, 4, 4, 4, 4]


def test_connection_never_made_is_tried_again_even_for_a_post(clock: Clock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        url = f"http://{address}/path?secret=1"

        with pytest.raises(UnavailableError, match=rf"no connection to {address} \(Conn.* refused") as caught:
            transport(clock, retry=clock.policy(budget_s=5)).request("POST", url, json={})

    assert clock.waits == [0.5, 1, 2]
    assert "after 4 attempts" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_server_that_takes_no_connection_in_time_is_named(clock: Clock) -> None:
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        address = f"127.0.0.1:{full.getsockname()[1]}"

        with pytest.raises(UnavailableError, match=f"no connection to {address} within the time allowed"):
            transport(clock, retry=clock.policy(budget_s=0), connect_timeout_s=0.05).request(
                "GET", f"http://{address}"
            )


def test_silent_server_is_given_up_after_the_read_timeout(server: ScriptedServer, clock: Clock) -> None:
    server.then(hang(), reply(200, b"late"))

    assert transport(clock, read_timeout_s=0.5).request("GET", server.url).body == b"late"


def test_answer_that_is_no_http_is_an_unavailable_system(server: ScriptedServer, clock: Clock) -> None:
    server.then(garbage(b"220 smtp.example.com ESMTP\r\n"))

    with pytest.raises(UnavailableError):
        transport(clock, retry=clock.policy(budget_s=1)).request("GET", server.url)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirect_is_never_followed(server: ScriptedServer, clock: Clock, status: int) -> None:
    server.then(reply(status, headers={"Location": f"{server.url}/elsewhere"}))

    with pytest.raises(RefusedError) as caught:
        transport(clock).request("GET", f"{server.url}/here")

    assert caught.value.status == status
    assert [seen.path for seen in server.requests] == ["/here"]


class Token:
    """Credentials that are replaced when refused, up to `renewals` times."""

    def __init__(self, renewals: int = 99) -> None:
        self.number = 0
        self._left = renewals

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer t{self.number}"}

    def renew(self) -> bool:
        if self._left == 0:
            return False
        self._left -= 1
        self.number += 1
        return True


def test_refused_credentials_are_renewed_once(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(401), reply(201, b"made"))

    assert transport(clock, auth=Token()).request("POST", server.url, json={}).body == b"made"
    assert [seen.headers["Authorization"] for seen in server.requests] == ["Bearer t0", "Bearer t1"]
    assert clock.waits == []


def test_credentials_refused_twice_are_an_error(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(401))

    with pytest.raises(CredentialsError):
        transport(clock, auth=Token()).request("GET", server.url)
    assert len(server.requests) == 2


def test_credentials_that_cannot_be_renewed_are_an_error(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(401))

    with pytest.raises(CredentialsError):
        transport(clock, auth=Token(renewals=0)).request("GET", server.url)
    assert len(server.requests) == 1


def test_call_without_credentials_sends_none_and_renews_none(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(401))

    with pytest.raises(CredentialsError):
        transport(clock, auth=Token()).request("GET", server.url, auth=False)
    assert [seen.headers.get("Authorization") for seen in server.requests] == [None]


def test_threads_refused_together_renew_once(server: ScriptedServer, clock: Clock) -> None:
    """All threads send with the first token before any of them hears of its end."""
    barrier = threading.Barrier(4)

    def answer(handler: Any, body: bytes) -> None:
        if handler.headers["Authorization"] == "Bearer t0":
            barrier.wait(10)
            reply(401).give(handler, body)
        else:
            reply(200).give(handler, body)

    server.then(Answer(answer))
    token = Token()
    door = transport(clock, auth=token)
    threads = [threading.Thread(target=door.request, args=("GET", server.url)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert token.number == 1
    assert len(server.requests) == 8


def test_credential_with_a_line_break_is_a_configuration_error_that_does_not_show_it(
    server: ScriptedServer, clock: Clock
) -> None:
    with pytest.raises(ConfigError, match="Authorization") as caught:
        transport(clock).request("GET", server.url, headers={"Authorization": "Bearer s3cret\n"})
    assert "s3cret" not in str(caught.value)


def test_header_beyond_latin_is_a_configuration_error(server: ScriptedServer, clock: Clock) -> None:
    with pytest.raises(ConfigError, match="X-Name"):
        transport(clock).request("GET", server.url, headers={"X-Name": "中"})
    assert server.requests == []


def test_closed_door_opens_again(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(200, b"caf\xc3\xa9 \xff"))
    with transport(clock) as door:
        door.request("GET", server.url)

    assert door.request("GET", server.url).text == "café \ufffd"


@pytest.mark.parametrize("url", ["login.eloqua.com", "ftp://x/", "http://", "http://[::1", ""])
def test_url_that_is_none_is_a_configuration_error(clock: Clock, url: str) -> None:
    with pytest.raises(ConfigError):
        transport(clock).request("GET", url)


def test_missing_ca_file_is_a_configuration_error(clock: Clock) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        transport(clock, ca_file="nowhere.pem")


def test_explain_makes_the_error(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(404, b'{"why": "gone fishing"}'))

    def explain(response: Response) -> NotFoundError:
        return NotFoundError(f"{response.json()}")

    with pytest.raises(NotFoundError, match="gone fishing"):
        transport(clock, explain=explain).request("GET", server.url)


def test_answer_that_is_not_json_is_a_data_error_that_does_not_show_it(
    server: ScriptedServer, clock: Clock
) -> None:
    server.then(reply(200, b'{"email": "jane@example.com"'))

    with pytest.raises(DataError, match="not JSON") as caught:
        transport(clock).request("GET", f"{server.url}/things").json()
    assert "jane" not in f"{caught.value}{caught.value.hint}"


def test_stream_hands_out_the_body_piece_by_piece(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(503), reply(200, b"0123456789", {"X-Rows": "2"}))

    with transport(clock).stream("GET", server.url) as stream:
        assert stream.headers["x-rows"] == "2"
        assert stream.read(4) == b"0123"
        assert b"".join(stream) == b"456789"
        assert stream.read() == b""


def test_stream_that_breaks_off_is_an_error(server: ScriptedServer, clock: Clock) -> None:
    server.then(cut(4, b"0123456789"))

    with (
        transport(clock).stream("GET", f"{server.url}/rows") as stream,
        pytest.raises(UnavailableError, match="/rows broke off"),
    ):
        stream.read()


def test_stream_left_early_leaves_the_door_usable(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(200, b"x" * 1_000_000), reply(200, b"next"))
    door = transport(clock)

    with door.stream("GET", server.url) as stream:
        stream.read(10)

    assert door.request("GET", server.url).body == b"next"


def test_observer_sees_each_attempt_without_values(server: ScriptedServer, clock: Clock) -> None:
    server.then(hang_up(), reply(200, b"12345", {"X-Request-Id": "id/7"}))
    seen: list[Exchange] = []

    transport(clock, observer=seen.append).request(
        "PUT", f"{server.url}/contact/jane@example.com/x?who=jane", body=b"abc"
    )

    assert [(e.method, e.path, e.status, e.attempt) for e in seen] == [
        ("PUT", "/contact/***/x", None, 1),
        ("PUT", "/contact/***/x", 200, 2),
    ]
    assert (seen[1].sent_bytes, seen[1].received_bytes, seen[1].request_id) == (3, 5, "id/7")


def test_observer_sees_a_stream_when_it_ends(server: ScriptedServer, clock: Clock) -> None:
    server.then(reply(200, b"12345"))
    seen: list[Exchange] = []

    with transport(clock, observer=seen.append).stream("GET", server.url) as stream:
        stream.read()
        assert seen == []

    assert [(e.status, e.received_bytes) for e in seen] == [(200, 5)]


def test_log_names_no_value(server: ScriptedServer, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    server.then(hang_up(), reply(200, b"jane@example.com"))
    caplog.set_level(logging.DEBUG)

    transport(clock, auth=Token()).request(
        "GET", f"{server.url}/contacts", params={"search": "jane@example.com"}, headers={"X-Secret": "s3cret"}
    )

    assert "GET /contacts -> 200" in caplog.text
    for value in ("jane", "s3cret", "Bearer"):
        assert value not in caplog.text


def test_reprs_name_no_value() -> None:
    response = Response(200, {"Set-Cookie": "s3cret"}, b"jane", "http://h/p?q=jane")

    assert repr(response) == "<Response 200 /p 4 bytes>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12", 12.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-1", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, expected: float | None) -> None:
    assert retry_after_s({"Retry-After": value}) == expected


def test_wait_is_jittered_and_capped() -> None:
    policy = RetryPolicy(first_wait_s=1, factor=2, max_wait_s=10, dice=lambda: 0.5)

    assert [policy.wait_s(n) for n in (1, 2, 3, 4, 5, 5000)] == [0.5, 1, 2, 4, 5, 5]
    assert policy.wait_s(1, at_least_s=3) == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RefusedError),
        (403, CredentialsError),
        (410, NotFoundError),
        (429, ThrottledError),
        (500, UnavailableError),
    ],
)
def test_status_decides_the_kind_of_error(status: int, kind: type[Exception]) -> None:
    error = explain_status(Response(status, {}, b"", "http://h/p"), "test", code="E-1", words="Because.")

    assert type(error) is kind
    assert str(error) == f"test: /p answered {status}: E-1: Because."
