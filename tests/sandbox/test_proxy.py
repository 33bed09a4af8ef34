"""The TLS door: CONNECT to a vendor's host ends in the sandbox, and nowhere else."""

from __future__ import annotations

import socket
import ssl

import pytest
import urllib3
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from scc.sandbox.app import Sandbox
from scc.sandbox.certificates import HOSTS, Certificates, covers
from scc.sandbox.proxy import proxy_protocol


def address_as_reached(request: Request) -> Response:
    return PlainTextResponse(str(request.url))


async def length_of_body(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture(scope="module")
def certificates():
    return Certificates.make()


@pytest.fixture(scope="module")
def sandbox(certificates):
    routes = [
        Route("/_sandbox/test/address", address_as_reached),
        Route("/_sandbox/test/length", length_of_body, methods=["POST"]),
    ]
    with Sandbox(protocol=proxy_protocol(certificates), more_routes=list(routes)) as running:
        yield running


@pytest.fixture
def trust(certificates):
    """Trust nobody but the sandbox's authority, as strictly as Python 3.13 does by default."""
    context = ssl.create_default_context(cadata=certificates.authority_pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


@pytest.fixture
def client(sandbox, trust):
    with urllib3.ProxyManager(sandbox.url, ssl_context=trust, retries=False, timeout=10) as manager:
        yield manager


@pytest.fixture
def connection(sandbox):
    with socket.create_connection((sandbox.host, sandbox.port), timeout=10) as made:
        yield made


def read_all(connection):
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    return answer


@pytest.mark.parametrize(
    "host",
    [
        "login.eloqua.com",
        "secure.p04.eloqua.com",
        "login.salesforce.com",
        "test.salesforce.com",
        "acme.my.salesforce.com",
        "acme--dev.sandbox.my.salesforce.com",
    ],
)
def test_each_host_is_answered_over_tls_and_told_its_own_address(client, host):
    response = client.request("GET", f"https://{host}/_sandbox/test/address")
    assert (response.status, response.data) == (200, f"https://{host}/_sandbox/test/address".encode())


def test_plain_http_through_the_proxy_arrives_too(client):
    response = client.request("GET", "http://login.eloqua.com/_sandbox/test/address")
    assert response.data == b"http://login.eloqua.com/_sandbox/test/address"


def test_plain_http_without_a_proxy_stays_as_it_was(sandbox):
    with urllib3.PoolManager(retries=False) as manager:
        response = manager.request("GET", f"{sandbox.url}/_sandbox/test/address")
    assert response.data == f"{sandbox.url}/_sandbox/test/address".encode()


def test_a_connection_serves_many_requests_and_large_bodies(client):
    sizes = (0, 1, 5_000_000, 17)
    answers = [
        client.request("POST", "https://login.salesforce.com/_sandbox/test/length", body=b"x" * size).data
        for size in sizes
    ]
    assert answers == [str(size).encode() for size in sizes]
    assert client.connection_from_url("https://login.salesforce.com").num_connections == 1


@pytest.mark.parametrize(
    "target", ["www.example.com:443", "eloqua.com:443", "login.salesforce.com:80", "nonsense"]
)
def test_other_hosts_are_refused(connection, target):
    connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(f"The sandbox does not speak for {target}, and is no other proxy.\n".encode())


def test_a_connect_without_a_target_is_refused(connection):
    connection.sendall(b"CONNECT \r\n\r\n")
    assert read_all(connection).startswith(b"HTTP/1.1 403 Forbidden\r\n")


def test_an_endless_connect_is_refused(connection):
    connection.sendall(b"CONNECT login.eloqua.com:443 HTTP/1.1\r\nX: " + b"x" * 20_000)
    assert connection.recv(30).startswith(b"HTTP/1.1 431 ")


def test_a_connect_may_come_in_pieces(connection, trust):
    for piece in (
        b"C",
        b"ONNECT login.eloqua.com",
        b":443 HTTP/1.1\r\nHost: login.eloqua.com:443\r\n",
        b"\r\n",
    ):
        connection.sendall(piece)
    assert connection.recv(65536) == b"HTTP/1.1 200 Connection established\r\n\r\n"
    with trust.wrap_socket(connection, server_hostname="login.eloqua.com") as tunnel:
        tunnel.sendall(
            b"GET /_sandbox/test/address HTTP/1.1\r\nHost: login.eloqua.com\r\nConnection: close\r\n\r\n"
        )
        assert read_all(tunnel).endswith(b"https://login.eloqua.com/_sandbox/test/address")


def test_a_plain_request_may_come_in_pieces(connection, sandbox):
    for piece in (b"G", b"ET /_sandbox/test/address HTTP/1.1\r\n", b"Host: x\r\nConnection: close\r\n\r\n"):
        connection.sendall(piece)
    assert read_all(connection).endswith(b"http://x/_sandbox/test/address")


def test_who_does_not_trust_the_authority_gets_nothing_and_harms_nobody(sandbox, client):
    with (
        urllib3.ProxyManager(
            sandbox.url, ssl_context=ssl.create_default_context(), retries=False
        ) as stranger,
        pytest.raises(urllib3.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        stranger.request("GET", "https://login.eloqua.com/_sandbox/test/address")
    assert client.request("GET", "https://login.eloqua.com/_sandbox/test/address").status == 200


def test_a_tunnel_that_is_left_open_does_not_hold_up_the_end(certificates):
    with Sandbox(protocol=proxy_protocol(certificates)) as sandbox:
        connection = socket.create_connection((sandbox.host, sandbox.port), timeout=10)
        connection.sendall(b"CONNECT login.eloqua.com:443 HTTP/1.1\r\n\r\n")
        connection.recv(100)
    with connection:
        assert connection.recv(100) == b""


@pytest.mark.parametrize("host", [host for host in HOSTS if "*" not in host])
def test_the_sandbox_speaks_for_each_host_of_its_certificate(host):
    assert covers(host)
    assert covers(host.upper())


@pytest.mark.parametrize(
    "host", ["", "salesforce.com", "a.b.c.salesforce.com", "eloqua.com.example", "example.com"]
)
def test_the_sandbox_speaks_for_nobody_else(host):
    assert not covers(host)


def test_each_start_makes_an_authority_of_its_own(certificates):
    assert Certificates.make().authority_pem != certificates.authority_pem
