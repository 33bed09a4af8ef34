"""The old login by SOAP, for organisations without an app: not in API 65.0 and later, gone in Summer '27.

Everything but the login then goes over REST as usual.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from scc.errors import CredentialsError, DataError, RemoteError
from scc.salesforce.auth import Token, demand
from scc.salesforce.errors import SYSTEM, explain
from scc.transport import Response, Transport

__all__ = ["SoapLogin"]

_NAMESPACE = "urn:partner.soap.sforce.com"
_ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
    f'<login xmlns="{_NAMESPACE}"><username>{{username}}</username><password>{{password}}</password></login>'
    "</env:Body></env:Envelope>"
)


@dataclass(frozen=True)
class SoapLogin:
    """A user's name, password and security token; `version` is that of the SOAP API, 64.0 at most."""

    login_url: str
    username: str = field(repr=False)
    password: str = field(repr=False)
    security_token: str = field(default="", repr=False)
    version: str = "62.0"

    def __post_init__(self) -> None:
        demand(self, "login_url", "username", "password")

    def login(self, door: Transport) -> Token:
        body = _ENVELOPE.format(
            username=escape(self.username), password=escape(self.password + self.security_token)
        )
        response = door.request(
            "POST",
            f"{self.login_url.rstrip('/')}/services/Soap/u/{self.version}",
            headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
            body=body.encode(),
            idempotent=True,  # asking twice gives at worst a second session
            # a fault comes as 500, which is no outage: not to be asked again
            expect={200, 500},
        )
        if response.status == 500:
            raise _refused(response)
        return _token(response)


def _token(response: Response) -> Token:
    try:
        root = ET.fromstring(response.body)  # noqa: S314  # expat refuses entity bombs since 2.4.1
    except ET.ParseError:
        raise DataError("salesforce: the SOAP login's answer is no XML") from None
    if root.findtext(f".//{{{_NAMESPACE}}}passwordExpired") == "true":
        raise CredentialsError(
            "salesforce: the user's password has expired",
            hint="The session that it gives is good for setting a new one only.",
            system=SYSTEM,
            status=response.status,
        )
    session = root.findtext(f".//{{{_NAMESPACE}}}sessionId")
    server = urlsplit(root.findtext(f".//{{{_NAMESPACE}}}serverUrl") or "")
    if not session or not server.netloc:
        raise DataError("salesforce: the SOAP login's answer lacks the session or the server's URL")
    return Token(session, f"{server.scheme}://{server.netloc}")


def _refused(response: Response) -> RemoteError:
    error = explain(response)
    if error.code in {None, "SERVER_UNAVAILABLE", "UNSUPPORTED_API_VERSION"}:
        return error
    return CredentialsError(
        error.message,
        hint="Check user, password and security token, and that the organisation still allows this login.",
        system=SYSTEM,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )
