"""Who asks, from settings: each way of logging in to Eloqua and to Salesforce that a configuration can name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scc.errors import ConfigError
from scc.settings import Eloqua, Salesforce

if TYPE_CHECKING:
    from scc.eloqua.auth import Credentials
    from scc.salesforce.auth import Grant

__all__ = ["eloqua_credentials", "salesforce_grant"]


def eloqua_credentials(section: Eloqua) -> Credentials:
    """Make what a client is made with; ConfigError names all that the section lacks for it."""
    from scc.eloqua import BasicAuth, FileTokenStore, PasswordGrant, RefreshTokenGrant

    login = section.require()
    password, secret = login.password.get_secret_value(), login.client_secret.get_secret_value()
    if section.grant == "refresh-token":
        return RefreshTokenGrant(
            login.client_id,
            secret,
            FileTokenStore(login.token_file),
            refresh_token=login.refresh_token.get_secret_value() or None,
            redirect_uri=section.redirect_uri,
        )
    if section.grant == "password":
        return PasswordGrant(login.client_id, secret, login.company, login.user, password)
    return BasicAuth(login.company, login.user, password)


def salesforce_grant(section: Salesforce) -> Grant:
    """Make what a client is made with; ConfigError names all that the section lacks for it."""
    from scc.salesforce import ClientCredentials, JwtBearer, SoapLogin, UsernamePassword

    login = section.require()
    secret = login.client_secret.get_secret_value()
    if section.grant == "jwt":
        key = _private_key(login.key_file)
        return JwtBearer(section.login_url, login.client_id, login.username, key, section.audience)
    password, token = login.password.get_secret_value(), login.security_token.get_secret_value()
    if section.grant == "soap":
        return SoapLogin(section.login_url, login.username, password, token, section.version)
    if section.grant == "password":
        return UsernamePassword(section.login_url, login.client_id, secret, login.username, password, token)
    return ClientCredentials(section.login_url, login.client_id, secret)


def _private_key(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no PEM file"
        raise ConfigError(
            f"salesforce.key_file, {path}, can't be read: {why}",
            hint="Name the file with the private key, and let this user read it.",
        ) from None
