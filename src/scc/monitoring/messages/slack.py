"""Messages in Slack, as blocks, by an incoming webhook or a bot's token."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

from scc.monitoring.messages.channel import Message, NotSentError, Part
from scc.monitoring.web import proxy_for
from scc.settings import Slack

__all__ = ["SlackChannel", "blocks"]

_log = logging.getLogger(__name__)

TEXT, HEADER, FIELD, FIELDS, BLOCKS, ELEMENTS = 3_000, 150, 2_000, 10, 50, 10
"""Slack's limits, in characters and in numbers."""
_SIGNS = {
    "failed": ":red_circle:",
    "lost": ":red_circle:",
    "stopped": ":large_yellow_circle:",
    "interrupted": ":large_yellow_circle:",
}


class SlackChannel:
    """A Channel. The webhook is taken where both are set.

    slack_sdk is imported when there is something to send: mostly there is not.
    """

    def __init__(self, settings: Slack) -> None:
        self._settings = settings

    def send(self, message: Message) -> None:
        from slack_sdk.errors import SlackApiError

        body: dict[str, Any] = {"text": message.title, "blocks": blocks(message)}
        if self._settings.username:
            body["username"] = self._settings.username
        try:
            if self._settings.webhook_url is not None:
                self._by_webhook(self._settings.webhook_url.get_secret_value(), body)
            elif self._settings.bot_token is not None:
                self._by_bot(self._settings.bot_token.get_secret_value(), message.pipeline, body)
        except SlackApiError as error:
            raise NotSentError(f"Slack refused it: {error.response.get('error')}") from None
        except (OSError, ValueError, HTTPException) as error:
            # Their words may quote the webhook's address, which is a credential.
            raise NotSentError(f"Slack can't be reached ({type(error).__name__})") from None

    def _by_webhook(self, url: str, body: dict[str, Any]) -> None:
        from slack_sdk import WebhookClient

        client = WebhookClient(url, timeout=self._timeout, retry_handlers=[])
        client.proxy = proxy_for(url)
        answer = client.send_dict(body)
        if answer.status_code != 200:
            raise NotSentError(f"Slack answered {answer.status_code} {answer.body[:60]!r}")

    def _by_bot(self, token: str, pipeline: str, body: dict[str, Any]) -> None:
        """To each of its channels; it was sent where one of them took it."""
        from slack_sdk import WebClient
        from slack_sdk.errors import SlackApiError

        url = self._settings.api_url
        client = WebClient(token, base_url=url, timeout=self._timeout, retry_handlers=[])
        client.proxy = proxy_for(url)
        channels = self._settings.posts_to(pipeline)
        refused: list[SlackApiError] = []
        for channel in channels:
            try:
                client.chat_postMessage(channel=channel, **body)
            except SlackApiError as error:
                refused.append(error)
                _log.warning("Slack refused it for %s: %s", channel, error.response.get("error"))
        if len(refused) == len(channels):
            raise refused[-1]

    @property
    def _timeout(self) -> int:
        return max(1, round(self._settings.timeout_s))


def blocks(message: Message) -> list[dict[str, Any]]:
    """The message within Slack's limits; what is too long is cut at its beginning where it is code, else at its end."""
    built = [_header(message), *_facts(message), *(_part(part) for part in message.parts)]
    end = [*_link(message), *_labels(message)]
    return [*built[: BLOCKS - len(end)], *end]


def _header(message: Message) -> dict[str, Any]:
    title = f"{_SIGNS.get(message.event, ':large_green_circle:')} {message.title}"
    return {"type": "header", "text": {"type": "plain_text", "text": title[:HEADER], "emoji": True}}


def _facts(message: Message) -> Iterator[dict[str, Any]]:
    for start in range(0, len(message.facts), FIELDS):
        fields = [
            {"type": "mrkdwn", "text": f"*{_escape(name)}*\n{_cut(_escape(text), 1_800)}"}
            for name, text in message.facts[start : start + FIELDS]
        ]
        yield {"type": "section", "fields": fields}


def _part(part: Part) -> dict[str, Any]:
    title = f"*{_escape(part.title)}*\n" if part.title else ""
    room = TEXT - len(title) - 8
    text = _escape(part.text)
    if part.code:
        text = text.replace("```", "'''")
        text = f"```{text if len(text) <= room else '…' + text[1 - room :]}```"
    else:
        text = _cut(text, room)
    return {"type": "section", "text": {"type": "mrkdwn", "text": title + text}}


def _link(message: Message) -> Iterator[dict[str, Any]]:
    if message.link:
        text = {"type": "plain_text", "text": "Open the run"}
        yield {"type": "actions", "elements": [{"type": "button", "text": text, "url": message.link}]}


def _labels(message: Message) -> Iterator[dict[str, Any]]:
    if message.labels:
        texts = [f"{_escape(name)}: {_escape(text)}" for name, text in message.labels[:ELEMENTS]]
        elements = [{"type": "mrkdwn", "text": _cut(text, FIELD)} for text in texts]
        yield {"type": "context", "elements": elements}


def _escape(text: str) -> str:
    """Slack reads <...> as a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
