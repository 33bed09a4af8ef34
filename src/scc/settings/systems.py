"""The sections of the two systems: where each is reached, and who asks.

What a way of logging in needs is asked for when a client is made, not before: most commands need none.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field, PrivateAttr, SecretStr, field_validator

from scc.errors import ConfigError
from scc.settings.keys import Spot, toml_value
from scc.settings.origin import Origin
from scc.settings.sections import FilePath, Section

__all__ = ["Eloqua", "EloquaLogin", "Salesforce", "SalesforceLogin"]

_EMPTY = SecretStr("")


class _System(Section):
    _origin: Origin = PrivateAttr(default_factory=Origin)

    def _require(self, system: str, section: str, *keys: str) -> None:
        """Raise one ConfigError that names all of the keys that have no value."""
        missing = [key for key in keys if not _text(getattr(self, key))]
        if missing:
            names = ", ".join(f"{section}.{key}" for key in missing)
            examples = {key: toml_value(Spot(str, type(self).model_fields[key]).example) for key in missing}
            raise ConfigError(
                f"{self._origin.where(())} lacks what {system}'s login needs: {names}",
                hint=self._origin.advice(section, examples),
            )


def _text(value: str | Path | SecretStr | None) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")


_CA_FILE = Field(
    None,
    description="PEM file of the certificate authorities to trust in place of the machine's own.",
    examples=["/etc/ssl/company.pem"],
)
_PROXY = Field(
    None,
    repr=False,
    description="The HTTP proxy, user and password in it where it wants them; else https_proxy and no_proxy hold.",
    examples=["http://proxy.example:3128"],
)


class EloquaLogin(NamedTuple):
    """What the grant does not need is empty."""

    company: str
    user: str
    password: SecretStr
    client_id: str
    client_secret: SecretStr
    token_file: Path
    refresh_token: SecretStr


_ELOQUA_NEEDS = {
    "basic": ("company", "user", "password"),
    "password": ("company", "user", "password", "client_id", "client_secret"),
    "refresh-token": ("client_id", "client_secret", "token_file"),
}


class Eloqua(_System):
    """Oracle Eloqua: an API user, by basic authentication or by OAuth 2."""

    login_url: str = Field(
        "https://login.eloqua.com",
        description="Where Eloqua tells which pod the company is on.",
        examples=["https://login.eloqua.com"],
    )
    grant: Literal["basic", "password", "refresh-token"] = Field(
        "basic",
        description="How to log in: each request by name and password, or OAuth 2 by one of two grants.",
        examples=["basic"],
    )
    company: str | None = Field(
        None, repr=False, description="The company name, as typed at Eloqua's login.", examples=["Acme"]
    )
    user: str | None = Field(None, repr=False, description="The API user's name.", examples=["api.user"])
    password: SecretStr | None = Field(
        None, repr=False, description="The API user's password.", examples=["..."]
    )
    client_id: str | None = Field(
        None, repr=False, description="The app's client id, for OAuth 2.", examples=["a1b2..."]
    )
    client_secret: SecretStr | None = Field(
        None, repr=False, description="The app's client secret, for OAuth 2.", examples=["..."]
    )
    token_file: FilePath | None = Field(
        None,
        description="Where the grant refresh-token keeps its tokens: a file on a disk that stays and is written to.",
        examples=["/var/lib/scc/eloqua-tokens.json"],
    )
    refresh_token: SecretStr | None = Field(
        None,
        repr=False,
        description="The first refresh token; from then on token_file alone counts.",
        examples=["..."],
    )
    redirect_uri: str | None = Field(
        None,
        description="What the app was registered with, where Eloqua wants it with a refresh token.",
        examples=["https://scc.example/done"],
    )
    pages: Literal["auto", "csv", "json"] = Field(
        "auto",
        description="How exported pages are asked for; auto asks for CSV and takes JSON where Eloqua sends that.",
        examples=["auto"],
    )
    sync_timeout_s: float = Field(
        21_600.0, gt=0, description="Seconds that a bulk sync is waited for.", examples=[21_600.0]
    )
    ca_file: FilePath | None = _CA_FILE
    proxy: SecretStr | None = _PROXY

    def require(self) -> EloquaLogin:
        """The credentials that the grant needs; ConfigError names all that are missing."""
        needs = _ELOQUA_NEEDS[self.grant]
        self._require("Eloqua", "eloqua", *needs)
        given = {key: getattr(self, key) for key in needs}
        return EloquaLogin(
            given.get("company", ""),
            given.get("user", ""),
            given.get("password", _EMPTY),
            given.get("client_id", ""),
            given.get("client_secret", _EMPTY),
            given.get("token_file", Path()),
            self.refresh_token or _EMPTY,
        )


class SalesforceLogin(NamedTuple):
    """What the grant does not need is empty."""

    client_id: str
    client_secret: SecretStr
    username: str
    password: SecretStr
    security_token: SecretStr
    key_file: Path


_SALESFORCE_NEEDS = {
    "client-credentials": ("client_id", "client_secret"),
    "password": ("client_id", "client_secret", "username", "password"),
    "jwt": ("client_id", "username", "key_file"),
    "soap": ("username", "password"),
}


class Salesforce(_System):
    """Salesforce: an External Client App or a Connected App by OAuth 2, or a user by SOAP."""

    login_url: str = Field(
        "https://login.salesforce.com",
        description="The login host. The grant client-credentials works on the company's own My Domain only.",
        examples=["https://acme.my.salesforce.com"],
    )
    grant: Literal["client-credentials", "jwt", "password", "soap"] = Field(
        "client-credentials",
        description="How to log in; soap needs no app, and ends with API version 64.0.",
        examples=["client-credentials"],
    )
    client_id: str | None = Field(
        None, repr=False, description="The app's consumer key.", examples=["3MVG9..."]
    )
    client_secret: SecretStr | None = Field(
        None, repr=False, description="The app's consumer secret.", examples=["..."]
    )
    username: str | None = Field(
        None,
        repr=False,
        description="The user's name, for the grants jwt, password and soap.",
        examples=["api@acme.example"],
    )
    password: SecretStr | None = Field(
        None,
        repr=False,
        description="The user's password, for the grants password and soap.",
        examples=["..."],
    )
    security_token: SecretStr | None = Field(
        None,
        repr=False,
        description="The user's security token, for the grants password and soap outside of trusted networks.",
        examples=["..."],
    )
    key_file: FilePath | None = Field(
        None,
        description="The private key (PEM, RSA) of the certificate that the app knows, for the grant jwt.",
        examples=["/run/secrets/salesforce/key.pem"],
    )
    audience: str | None = Field(
        None,
        description="Whom the assertion of the grant jwt is for, where that is not login_url.",
        examples=["https://test.salesforce.com"],
    )
    version: str = Field("62.0", description="The version of Salesforce's API.", examples=["62.0"])

    job_timeout_s: float = Field(
        21_600.0, gt=0, description="Seconds that a bulk job is waited for.", examples=[21_600.0]
    )
    ca_file: FilePath | None = _CA_FILE
    proxy: SecretStr | None = _PROXY

    @field_validator("version")
    @classmethod
    def _is_a_version(cls, value: str) -> str:
        if not re.fullmatch(r"\d{2,3}\.0", value):
            raise ValueError('a version such as "62.0"')
        return value

    def require(self) -> SalesforceLogin:
        """The credentials that the grant needs; ConfigError names all that are missing."""
        needs = _SALESFORCE_NEEDS[self.grant]
        self._require("Salesforce", "salesforce", *needs)
        given = {key: getattr(self, key) for key in needs}
        return SalesforceLogin(
            given.get("client_id", ""),
            given.get("client_secret", _EMPTY),
            given.get("username", ""),
            given.get("password", _EMPTY),
            (self.security_token or _EMPTY) if "password" in needs else _EMPTY,
            given.get("key_file", Path()),
        )
