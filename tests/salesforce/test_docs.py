"""What docs/salesforce.md shows is run, and prints what it says; every public name is on it or has a docstring."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from tests.salesforce import documented, test_documented_logins
from tests.salesforce.org import Org

import scc.salesforce

PAGE = Path(__file__).parents[2] / "docs" / "salesforce.md"


def test_the_page_runs_and_prints_what_it_says(org: Org, capsys):
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 4
    for block in blocks:
        exec(block.replace("http://127.0.0.1:8730", org.sandbox.url), names)  # the page itself
        expected = [line[2:] for line in block.splitlines() if line.startswith("# ")]
        assert capsys.readouterr().out.splitlines() == expected
    names["client"].close()


def test_the_package_exports_what_it_says_and_all_of_it_is_explained():
    exported = scc.salesforce.__all__
    assert exported == sorted(exported)
    for name in exported:
        value = getattr(scc.salesforce, name)
        assert inspect.getdoc(value)
        if inspect.isclass(value) and value.__module__.startswith("scc."):
            assert value.__doc__ != inspect.getdoc(object)


def test_the_page_names_every_way_to_log_in():
    page = PAGE.read_text()
    for name in ("ClientCredentials", "UsernamePassword", "JwtBearer", "SoapLogin", "AccessToken"):
        assert f"`{name}(" in page


def told(status: int, code: str | None, *, at_login: bool = False) -> list[tuple[str, str]]:
    """Give what the page's tables say comes of an answer: the error, and whether it is tried again."""
    calls, logins = PAGE.read_text().split("At login the same holds")
    for text in (logins, calls) if at_login else (calls,):
        rows = [
            (set(re.findall(r"`([A-Za-z_]+)`", said.split(";")[0])), kind, again)
            for said, kind, again in re.findall(
                r"^\| ((?:\d{3}).*?) \| `(\w+)` \| (.*?) \|$", text, re.MULTILINE
            )
            if str(status) in re.findall(r"\b[3-5]\d\d\b", said)
        ]
        special = [(kind, again) for codes, kind, again in rows if code in codes]
        general = [(kind, again) for codes, kind, again in rows if not codes or "INVALID_LOGIN" in codes]
        if special or general:
            # words tell two meanings of a code apart, and "API_ERROR" is mostly the query's fault
            return special + (general if code == "API_ERROR" else []) or general
    return []


AGAIN = {401: "once, with a new session", 429: "always", 500: "where safe"}


def test_the_page_tells_what_comes_of_every_documented_error():
    for said in documented.DOCUMENTED:
        again = AGAIN.get(min(said.status, 500), "no")
        assert (said.kind.__name__, again) in told(said.status, said.code), said
    for refusal in (*test_documented_logins.OF_OAUTH, *test_documented_logins.OF_SOAP):
        kinds = {kind for kind, _ in told(refusal.status, refusal.code, at_login=True)}
        is_outage = refusal.status == 500 and refusal.code is None
        assert refusal.kind.__name__ in kinds or is_outage, refusal
