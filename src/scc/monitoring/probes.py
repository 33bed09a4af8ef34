"""Whether those who watch runs could be told, for `scc doctor`: nothing is pushed and nothing posted."""

from __future__ import annotations

from http.client import HTTPException

import urllib3

from scc.errors import ConfigError, CredentialsError, SccError, UnavailableError
from scc.monitoring.web import proxy_for, request
from scc.settings import Monitoring, Slack

__all__ = ["pushgateway", "slack"]

TIMEOUT_S = 5.0


def pushgateway(settings: Monitoring) -> str:
    """Raises UnavailableError, or CredentialsError where it wants another login."""
    url = str(settings.pushgateway_url).rstrip("/")
    headers = {}
    if settings.pushgateway_user and settings.pushgateway_password:
        login = f"{settings.pushgateway_user}:{settings.pushgateway_password.get_secret_value()}"
        headers = urllib3.make_headers(basic_auth=login)
    try:
        status, _ = request("GET", f"{url}/-/ready", timeout_s=TIMEOUT_S, headers=headers)
    except urllib3.exceptions.HTTPError as error:
        raise _away("pushgateway", url, error, "Is monitoring.pushgateway_url right?") from None
    if status in {401, 403}:
        raise CredentialsError(
            f"{url} answered {status}: it wants another login",
            hint="Mend monitoring.pushgateway_user and monitoring.pushgateway_password.",
            system="pushgateway",
            status=status,
        )
    if status != 200:
        raise UnavailableError(f"{url} is not ready: it answered {status}", system="pushgateway")
    return f"{url} is ready"


def slack(settings: Slack) -> str:
    """Raises CredentialsError for a webhook or a token that Slack does not know, else UnavailableError."""
    if settings.webhook_url is not None:
        return _webhook(settings.webhook_url.get_secret_value())
    if settings.bot_token is None:
        raise ConfigError("neither slack.webhook_url nor slack.bot_token is set")
    return _bot(settings, settings.bot_token.get_secret_value())


def _webhook(url: str) -> str:
    """An empty message is one that Slack posts nowhere: it refuses its words (400) once it knows the webhook."""
    try:
        status, words = request(
            "POST", url, timeout_s=TIMEOUT_S, headers={"Content-Type": "application/json"}, body=b"{}"
        )
    except urllib3.exceptions.HTTPError as error:
        raise _away("slack", "slack.webhook_url", error, "Is it right, and is Slack reached?") from None
    if status == 400:
        return "the webhook is alive"
    if status in {403, 404, 410}:
        raise CredentialsError(
            f"Slack does not take this webhook: {status} {words[:40]!r}",
            hint="Make a new incoming webhook, and put it into slack.webhook_url.",
            system="slack",
            status=status,
        )
    raise UnavailableError(
        f"slack.webhook_url answered {status}, as no webhook of Slack's does", system="slack"
    )


def _bot(settings: Slack, token: str) -> str:
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

    url = settings.api_url
    client = WebClient(token, base_url=url, timeout=int(TIMEOUT_S), retry_handlers=[])
    client.proxy = proxy_for(url)
    try:
        who = client.auth_test()
    except SlackApiError as error:
        raise CredentialsError(
            f"Slack does not take this bot's token: {error.response.get('error')}",
            hint="Put the app's bot token into slack.bot_token, with the right chat:write.",
            system="slack",
        ) from None
    except (OSError, ValueError, HTTPException) as error:
        raise _away("slack", url, error, "Is slack.api_url right, and is it reached?") from None
    channels = sorted({channel for name in ("", *settings.channels) for channel in settings.posts_to(name)})
    return f"{who['user']} of {who['team']}, for {', '.join(channels)}"


def _away(system: str, place: str, error: Exception, hint: str) -> SccError:
    """Its own words may quote the address, which may be a credential."""
    return UnavailableError(f"{place} can't be reached ({type(error).__name__})", hint=hint, system=system)
