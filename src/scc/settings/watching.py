"""Who is told of runs, and what is worth an alert: the sections [monitoring], [alerts] and [slack]."""

from __future__ import annotations

import string
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from scc.settings.sections import Section

__all__ = ["Alerts", "Monitoring", "Slack"]

_Share = Annotated[float, Field(gt=0, le=1)]


class Monitoring(Section):
    """Figures of each run, for Prometheus; `scc job` pushes them."""

    pushgateway_url: str | None = Field(
        None, description="The Pushgateway.", examples=["http://pushgateway:9091"]
    )
    pushgateway_user: str | None = Field(None, description="Its user, if it asks for one.", examples=["scc"])
    pushgateway_password: SecretStr | None = Field(
        None, repr=False, description="Its user's password.", examples=["..."]
    )
    heartbeat_url: SecretStr | None = Field(
        None,
        repr=False,
        description="An address that is called when a run starts (with /start), ends well, or does not (with /fail), "
        "as healthchecks.io and its kin take it; {pipeline} stands for the pipeline.",
        examples=["https://hc-ping.com/key/{pipeline}"],
    )
    run_url: str | None = Field(
        None,
        description="A page about a run, linked from messages and alerts; {pipeline}, {moment} and {run} stand for its own.",
        examples=["https://grafana.example/d/scc?var-pipeline={pipeline}"],
    )
    wait_s: float = Field(
        10.0,
        gt=0,
        le=60,
        description="Seconds that a run waits at its end, at most, for all that watch it.",
    )

    @field_validator("pushgateway_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None and not _is_http(value):
            raise ValueError("an address that begins with http:// or https://, without a password")
        return value

    @field_validator("heartbeat_url")
    @classmethod
    def _is_a_secret_address(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else "https://example.com"
        if not (_is_http(text) and _fills(text, {"pipeline"})):
            raise ValueError(
                "an address that begins with https://, in which only {pipeline} stands in braces"
            )
        return value

    @field_validator("run_url")
    @classmethod
    def _is_a_template(cls, value: str | None) -> str | None:
        if value is not None and not (_is_http(value) and _fills(value, {"pipeline", "moment", "run"})):
            raise ValueError("an address in which only {pipeline}, {moment} and {run} stand in braces")
        return value


class Alerts(Section):
    """What is worth an alert; `scc alerts render` makes Prometheus' rules from it and the pipelines' schedules."""

    runbooks_url: str = Field(
        "docs/runbooks",
        description="Where the runbooks lie, one page an alert.",
        examples=["https://git.example/scc/blob/main/docs/runbooks"],
    )
    failed_tries: int = Field(
        3, ge=1, description="Tries that failed, or were killed, since the last good run."
    )
    stopped_minutes: int = Field(
        30, ge=0, description="Minutes that a plan over its limits waits for an approval."
    )
    rejected_share: _Share = Field(0.05, description="The share of a run's records that a system rejected.")
    quota_share: _Share = Field(0.9, description="The share of a daily allowance that is used.")
    export_factor: float = Field(
        5.0, gt=1, description="So many times more, or less, than usual is read from a source."
    )
    export_least: int = Field(
        1_000, ge=0, description="Sources that give fewer records than this, usually, are not watched so."
    )


class Slack(Section):
    """Messages in Slack, when a run fails or waits for an approval: by an incoming webhook, or by a bot's token."""

    webhook_url: SecretStr | None = Field(
        None,
        repr=False,
        description="An incoming webhook; it posts to the channel that it was made for.",
        examples=["https://hooks.slack.com/services/T000/B000/..."],
    )
    bot_token: SecretStr | None = Field(
        None, repr=False, description="A bot's token with the right chat:write.", examples=["xoxb-..."]
    )
    channel: str | None = Field(
        None,
        description="Where the bot posts; several with commas between them.",
        examples=["#marketing-ops, #data"],
    )
    channels: dict[str, str] = Field(
        {},
        description="Channels of single pipelines, for the bot.",
        examples=[{"purge-contacts": "#data-protection"}],
    )
    api_url: str = Field(
        "https://slack.com/api/",
        description="Where Slack's API is, for the bot.",
        examples=["https://slack.com/api/"],
    )
    events: list[
        Literal["failed", "lost", "stopped", "interrupted", "recovered", "done", "nothing-to-do"]
    ] = Field(
        ["failed", "lost", "stopped", "recovered"],
        description="What is told: lost is a run that was killed, known when the next begins; recovered is the first good "
        "run after a failure was told; done and nothing-to-do tell of every good run.",
        examples=[["failed", "lost", "stopped", "recovered"]],
    )
    username: str | None = Field(
        None,
        description="The name that messages bear; a bot needs the right chat:write.customize for it, a webhook of Slack's "
        "own kind keeps the name it was made with.",
        examples=["SCC production"],
    )
    labels: dict[str, str] = Field(
        {},
        description="More to tell with each message; a variable such as SCC_SLACK__LABELS__CLUSTER adds one.",
        examples=[{"cluster": "production"}],
    )
    log_lines: int = Field(10, ge=0, le=50, description="Lines of the log's end in a message.")
    trace_lines: int = Field(6, ge=0, le=20, description="Places of an error's trace in a message.")
    tasks: int = Field(5, ge=1, le=20, description="Failed tasks in a message; more are counted.")
    group_minutes: int = Field(
        60,
        ge=0,
        description="Minutes in which one message tells of a pipeline's failures; more are counted in the next.",
    )
    per_hour: int = Field(20, ge=1, description="Messages in an hour, at most.")
    timeout_s: float = Field(5.0, gt=0, le=30, description="Seconds that Slack may take to answer.")

    def posts_to(self, pipeline: str) -> list[str]:
        """The channels that the bot tells of a pipeline."""
        return [
            one.strip() for one in self.channels.get(pipeline, self.channel or "").split(",") if one.strip()
        ]

    @field_validator("webhook_url")
    @classmethod
    def _is_a_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_http(value.get_secret_value()):
            raise ValueError("an address that begins with https://")
        return value

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not (_is_http(value) and value.endswith("/")):
            raise ValueError("an address that begins with https:// and ends in a slash")
        return value

    @model_validator(mode="after")
    def _has_somewhere_to_post(self) -> Self:
        if self.bot_token is not None and self.webhook_url is None and not self.posts_to(""):
            raise ValueError("a channel beside bot_token")
        return self


def _is_http(text: str) -> bool:
    try:
        parts = urlsplit(text)
        good = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return good and parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def _fills(text: str, known: set[str]) -> bool:
    """Whether `text.format()` can fill it with these names only."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return False
    return all(name is None or (name in known and not spec and not kind) for _, name, spec, kind in parts)
