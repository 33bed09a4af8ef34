"""OAuth 2.0: tokens, their end, and who a token belongs to (sandbox-salesforce.md 1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from urllib.parse import parse_qsl

from scc.sandbox.salesforce import jwt
from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.errors import OAuthError, refused
from scc.sandbox.salesforce.services import Services, zulu
from scc.sandbox.salesforce.store import ORGANIZATION_ID

REFRESH_TOKEN = "5Aepsandbox-refresh-token"  # noqa: S105  # the sandbox's only one, as public as its password
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class OAuth:
    """The handlers under /services/oauth2, and the identity that a token response names."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._grants: dict[str, Callable[[Call, dict[str, str]], bool]] = {
            "password": self._password,
            "client_credentials": self._client_credentials,
            "refresh_token": self._refresh_token,
            JWT_GRANT: self._jwt,
        }

    def add_routes(self) -> None:
        router = self._services.router
        source = "REST: OAuth 2.0 token endpoint; sandbox-salesforce.md 1"
        router.add("POST", "/services/oauth2/token", self.token, source, "open")
        router.add("POST", "/services/oauth2/revoke", self.revoke, source, "open")
        router.add("GET", "/services/oauth2/revoke", self.revoke, source, "open")
        router.add("POST", "/services/oauth2/introspect", self.introspect, source, "open")
        router.add("GET", "/services/oauth2/userinfo", self.userinfo, source)
        router.add(
            "GET", "/id/{organization}/{user}", self.identity, "Identity URLs; sandbox-salesforce.md 1"
        )

    def token(self, call: Call) -> Answer:
        form = _form(call)
        grant = form.get("grant_type", "")
        check = self._grants.get(grant)
        if check is None:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        with_scope = check(call, form)
        token, user_id, organization_id = self._services.log_in()
        identity = f"{call.base}/id/{organization_id}/{user_id}"
        issued = str(int(self._services.state.clock.now().timestamp() * 1000))
        body = {"access_token": token, "instance_url": call.base, "id": identity, "token_type": "Bearer"}
        if with_scope:
            body["scope"] = "id api"
        return Answer(200, body | {"issued_at": issued, "signature": self._signature(identity + issued)})

    def revoke(self, call: Call) -> Answer:
        token = (_form(call) | dict(call.query)).get("token", "")
        if not self._services.sessions.expire(token):
            raise OAuthError("unsupported_token_type", "this token type is not supported")
        return Answer(200)

    def introspect(self, call: Call) -> Answer:
        form = _form(call)
        self._check_client(*_client(call, form))
        seconds = self._services.store.options.session_seconds
        session = self._services.sessions.find(form.get("token", ""), seconds)
        if session is None:
            return Answer(200, {"active": False})
        client = self._services.state.credentials.salesforce.client_id
        until = int(session.used.timestamp()) + seconds
        return Answer(200, {"active": True, "scope": "id api", "client_id": client, "username": session.username, "sub": f"{call.base}/id/{ORGANIZATION_ID}/{session.user_id}", "token_type": "access_token", "exp": until})  # fmt: skip

    def userinfo(self, call: Call) -> Answer:
        user = self._user(call)
        return Answer(200, {"sub": f"{call.base}/id/{ORGANIZATION_ID}/{call.user_id}", "user_id": call.user_id, "organization_id": ORGANIZATION_ID, "preferred_username": user["Username"], "name": user["Name"], "email": user["Email"], "email_verified": True, "active": True})  # fmt: skip

    def identity(self, call: Call) -> Answer:
        if not ORGANIZATION_ID.startswith(call["organization"][:15]) or not call.user_id.startswith(
            call["user"][:15]
        ):
            raise refused(404, "NOT_FOUND", "The requested resource does not exist")
        user = self._user(call)
        rest = f"{call.base}/services/data/v{{version}}/"
        return Answer(
            200,
            {
                "id": f"{call.base}/id/{ORGANIZATION_ID}/{call.user_id}",
                "asserted_user": True,
                "user_id": call.user_id,
                "organization_id": ORGANIZATION_ID,
                "username": user["Username"],
                "nick_name": user["CommunityNickname"],
                "display_name": user["Name"],
                "email": user["Email"],
                "email_verified": True,
                "first_name": user["FirstName"],
                "last_name": user["LastName"],
                "timezone": user["TimeZoneSidKey"],
                "urls": {
                    "partner": f"{call.base}/services/Soap/u/{{version}}/{ORGANIZATION_ID[:15]}",
                    "rest": rest,
                    "sobjects": f"{rest}sobjects/",
                    "search": f"{rest}search/",
                    "query": f"{rest}query/",
                    "recent": f"{rest}recent/",
                },
                "active": True,
                "user_type": "STANDARD",
                "language": user["LanguageLocaleKey"],
                "locale": user["LocaleSidKey"],
                "utcOffset": 0,
                "last_modified_date": zulu(self._services.store.now()),
            },
        )

    def _user(self, call: Call) -> dict[str, str]:
        soql = (
            "SELECT Username, Name, FirstName, LastName, Email, CommunityNickname, TimeZoneSidKey, LanguageLocaleKey, "
            f"LocaleSidKey FROM User WHERE Id = '{call.user_id}'"
        )
        found: dict[str, str] = self._services.queries.run(soql, call.root).records[0]
        return found

    def _password(self, call: Call, form: dict[str, str]) -> bool:
        self._check_client(*_client(call, form))
        known = self._services.state.credentials.salesforce
        given = form.get("password", "")
        accepted = given in (known.password, known.password + known.security_token)
        if (
            form.get("username") != known.username
            or not accepted
            or not self._services.store.options.password_grant
        ):
            raise OAuthError("invalid_grant", "authentication failure")
        return False

    def _client_credentials(self, call: Call, form: dict[str, str]) -> bool:
        self._check_client(*_client(call, form))
        return True

    def _refresh_token(self, call: Call, form: dict[str, str]) -> bool:
        client_id, secret = _client(call, form)
        self._check_client(client_id, secret or self._services.state.credentials.salesforce.client_secret)
        if form.get("refresh_token") != REFRESH_TOKEN:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        return True

    def _jwt(self, call: Call, form: dict[str, str]) -> bool:
        known = self._services.state.credentials.salesforce
        now = self._services.state.clock.now().timestamp()
        public_key = self._services.store.options.jwt_public_key
        jwt.check(form.get("assertion", ""), known.client_id, known.username, now, public_key, call.base)
        return True

    def _check_client(self, client_id: str, secret: str) -> None:
        known = self._services.state.credentials.salesforce
        if client_id != known.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if not secrets.compare_digest(secret.encode(), known.client_secret.encode()):
            raise OAuthError("invalid_client", "invalid client credentials")

    def _signature(self, text: str) -> str:
        key = self._services.state.credentials.salesforce.client_secret.encode()
        return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.bytes().decode("utf-8", "replace"), keep_blank_values=True))


def _client(call: Call, form: dict[str, str]) -> tuple[str, str]:
    """Return the client's id and secret, from the form or, as simple-salesforce sends them, as Basic credentials."""
    kind, _, encoded = call.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise OAuthError("invalid_client", "invalid client credentials") from None
        return name, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def as_answer(error: OAuthError) -> Answer:
    return Answer(error.status, {"error": error.error, "error_description": error.description})
