"""Clients from settings: the one place where credentials meet the systems they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from scc.settings import Settings

if TYPE_CHECKING:  # a client is imported only where a pipeline meets its system
    from scc.eloqua import EloquaClient
    from scc.eloqua.client import CsvUse
    from scc.salesforce import SalesforceClient
    from scc.transport import Exchange, RetryPolicy

__all__ = ["Systems"]

_CSV: Mapping[str, CsvUse] = {"auto": "auto", "csv": "always", "json": "never"}


class Systems:
    """Each client is made when first asked for; ConfigError then names the credentials that are missing.

    `observer` is told of every HTTP exchange, on the thread that made it.
    """

    def __init__(self, settings: Settings, *, observer: Callable[[Exchange], None] | None = None) -> None:
        self._settings = settings
        self._observer = observer

    @cached_property
    def eloqua(self) -> EloquaClient:
        from scc.eloqua import BasicAuth, EloquaClient

        section = self._settings.eloqua
        login = section.require()
        return EloquaClient(
            auth=BasicAuth(login.company, login.user, login.password.get_secret_value()),
            login_url=section.login_url,
            csv=_CSV[section.pages],
            retry=self._retry(),
            observer=self._observer,
        )

    @cached_property
    def salesforce(self) -> SalesforceClient:
        from scc.salesforce import ClientCredentials, SalesforceClient, UsernamePassword

        section = self._settings.salesforce
        login = section.require()
        auth: ClientCredentials | UsernamePassword
        if section.grant == "password":
            auth = UsernamePassword(
                login_url=section.login_url,
                client_id=login.client_id,
                client_secret=login.client_secret.get_secret_value(),
                username=login.username,
                password=login.password.get_secret_value() + login.security_token.get_secret_value(),
            )
        else:
            auth = ClientCredentials(
                login_url=section.login_url,
                client_id=login.client_id,
                client_secret=login.client_secret.get_secret_value(),
            )
        return SalesforceClient(
            auth=auth, version=section.version, retry=self._retry(), observer=self._observer
        )

    def _retry(self) -> RetryPolicy:
        from scc.transport import RetryPolicy

        return RetryPolicy(budget_s=self._settings.flow.retry_budget_s)
