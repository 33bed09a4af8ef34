"""`scc sandbox load`: records of one's own, from a CSV file into a sandbox that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scc.cli import output
from scc.cli.lazy import Command
from scc.errors import ConfigError, SccError

if TYPE_CHECKING:  # imported where the file is sent
    from scc.transport.messages import Response

__all__ = ["PORT", "load"]

PORT = 8765
"""The sandbox's port, unless somebody says another."""


@click.command(cls=Command)
@click.argument("what")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--map",
    "mapping",
    metavar="COLUMN=FIELD,...",
    multiple=True,
    help="Which column goes to which field. A column that is called like a field goes there by itself.",
)
@click.option(
    "--set",
    "templates",
    metavar="FIELD=TEXT",
    multiple=True,
    help="Fill a field with a text; {column} in it stands for the record's own.",
)
@click.option("--delimiter", default=",", show_default=True, help="What stands between the columns.")
@click.option(
    "--url", default=f"http://127.0.0.1:{PORT}", show_default=True, help="The sandbox, which must run."
)
def load(
    what: str, file: Path, mapping: tuple[str, ...], templates: tuple[str, ...], delimiter: str, url: str
) -> None:
    """Load a CSV file's records into a sandbox that runs.

    WHAT is contacts, accounts or customObject/NAME (in Eloqua); leads, campaigns, campaign-members, opportunities,
    users or salesforce/SOBJECT (in Salesforce). All of the file is loaded, or nothing.
    """
    params = {"delimiter": delimiter}
    for column, field in _pairs(mapping):
        params[f"column.{column}"] = field
    for text in templates:
        field, separator, value = text.partition("=")
        if not separator or not field:
            raise ConfigError(
                f"--set: {text!r} can't be read", hint="Write FIELD=TEXT, such as C_Country=Spain."
            )
        params[f"template.{field.strip()}"] = value
    answer = _post(url, what, file, params)
    output.line(f"Loaded {answer['rows']:,} {answer['title']}.")
    output.table(("from", "to field"), [[source, field] for source, field in answer["fields"].items()])
    if answer["ignored"]:
        output.line(f"Left out: {', '.join(answer['ignored'])}")


def _pairs(mapping: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for text in ",".join(mapping).split(",") if mapping else ():
        column, separator, field = (part.strip() for part in text.partition("="))
        if not (separator and column and field):
            raise ConfigError(
                f"--map: {text!r} can't be read",
                hint='Write --map "given_name=C_FirstName,surname=C_LastName".',
            )
        yield column, field


def _post(url: str, what: str, file: Path, params: dict[str, str]) -> dict[str, Any]:
    from urllib.parse import quote

    from scc.transport import RetryPolicy, Transport

    def explain(response: Response) -> SccError:
        said = response.json() if response.headers.get("content-type") == "application/json" else {}
        problem = said.get("error") if isinstance(said, dict) else None
        if response.status == 400 and problem:
            return ConfigError(f"{file}: {problem}", hint="Nothing was loaded.")
        return ConfigError(
            f"{url} is no sandbox of SCC", hint="Start one with `scc sandbox`, and name its --url."
        )

    with Transport(
        "sandbox", explain=explain, retry=RetryPolicy(budget_s=2), read_timeout_s=600
    ) as transport:
        response = transport.request(
            "POST",
            f"{url.rstrip('/')}/_sandbox/load/{quote(what)}",
            params=params,
            body=file.read_bytes(),
            headers={"Content-Type": "text/csv"},
        )
    answer = response.json()
    assert isinstance(answer, dict)
    return answer
