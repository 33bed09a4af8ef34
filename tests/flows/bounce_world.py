"""Bounces that only Eloqua knows of, so that hard-bounces has something to do in both systems."""

from __future__ import annotations

import pyarrow as pa
import urllib3
from tests.flows.conftest import World

from scc.salesforce import ClientCredentials, SalesforceClient, soql

__all__ = ["MARKS", "forget_bounces", "make_lists"]

MARKS = '\n[pipelines.hard-bounces.marks]\nC_Lead_Status1 = "Invalid address"\n'


def forget_bounces(world: World) -> None:
    """The demonstration data is of a company whose Salesforce was told already."""
    login = world.sandbox.credentials.salesforce
    auth = ClientCredentials(world.sandbox.url, client_id=login.client_id, client_secret=login.client_secret)
    client = SalesforceClient(auth=auth)
    bounced = soql.field("EmailBouncedDate") != None  # noqa: E711  # SOQL's null
    open_leads = bounced & (soql.field("IsConverted") == False)  # noqa: E712  # SOQL's false
    for sobject, where in (("Lead", open_leads), ("Contact", bounced)):
        query = soql.select(sobject, ["Id"], where=where)
        ids = [one for batch in client.query(query) for one in batch["Id"].to_pylist()]
        blank = pa.nulls(len(ids), pa.string())
        rows = pa.table({"Id": ids, "EmailBouncedDate": blank, "EmailBouncedReason": blank})
        failed = [one for result in client.bulk.ingest(sobject, "update", rows) for one in result.failures()]
        assert not failed


def make_lists(world: World) -> dict[str, str]:
    """Two shared lists; every contact is on the newsletter's."""
    ids: dict[str, str] = {}
    everybody = [row["Id"] for row in world.contacts()]
    for name, members in (("Invalid addresses", []), ("Newsletter", everybody)):
        made = _rest(world, "POST", "list", {"name": name})
        ids[name] = str(made["id"])
        _rest(
            world,
            "PUT",
            f"list/{made['id']}",
            {"id": made["id"], "name": name, "membershipAdditions": members},
        )
    return ids


def _rest(world: World, method: str, path: str, body: object) -> dict[str, object]:
    credentials = world.sandbox.credentials.eloqua
    headers = urllib3.make_headers(
        basic_auth=f"{credentials.company}\\{credentials.user}:{credentials.password}"
    )
    answer = world.http.request(
        method, f"{world.sandbox.url}/API/REST/1.0/assets/contact/{path}", json=body, headers=headers
    )
    assert answer.status in {200, 201}, answer.data
    made: dict[str, object] = answer.json()
    return made
