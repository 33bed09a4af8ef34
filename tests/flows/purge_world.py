"""A world of contacts in which each rule of purge-contacts has its case."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from scc.sandbox import demo
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.salesforce.store import SalesforceStore

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
LONG_AGO = "2020-03-01 00:00:00"
ACCOUNTS = {"open": "001000000000001AAA", "customer": "001000000000002AAA", "other": "001000000000003AAA"}
PEOPLE = {"role": "003000000000001AAA", "account": "003000000000002AAA", "called": "003000000000003AAA"}

# id: address, and what is special about the contact
CONTACTS: dict[int, tuple[str, dict[str, object]]] = {
    1: ("ann..bell@acme.example", {}),
    2: ("bob@mailinator.com", {}),
    3: ("info@acme.example", {}),
    4: ("carl@acme.example", {}),
    5: ("dora@acme.example", {"IsBounced": True}),
    6: ("never.seen@acme.example", {}),
    7: ("long.gone@acme.example", {}),
    8: ("gone@acme.example", {}),
    9: ("filled.a.form@acme.example", {}),
    10: ("visited@acme.example", {}),
    11: ("was.called@acme.example", {}),
    12: ("in.a.deal@acme.example", {"C_SFDCContactID": PEOPLE["role"]}),
    13: ("At.The.Dealing.Company@acme.example", {}),
    14: ("customer@acme.example", {"C_SFDCAccountID": ACCOUNTS["customer"]}),
    15: ("on.the.board@acme.example", {}),
    16: ("young..one@acme.example", {"createdAt": "2026-11-01 00:00:00"}),
    17: ("opted.out@acme.example", {"IsSubscribed": False}),
    18: ("called.a.customer@acme.example", {"C_Lead_Status1": "Customer"}),
    19: ("came.back@acme.example", {}),
    20: ("opens@acme.example", {}),
}
GO = {"1", "2", "3", "4", "5", "6", "7", "8"}
STAY = {"12", "13", "14", "15", "16", "17", "18"}
ACTIVITIES = [
    ("EmailClickthrough", 7, "2024-01-10 00:00:00"),
    ("EmailOpen", 8, "2024-06-01 00:00:00"),
    ("EmailOpen", 8, "2023-12-24 00:00:00"),
    ("FormSubmit", 9, "2026-01-01 00:00:00"),
    ("WebVisit", 10, "2026-10-01 00:00:00"),
    ("EmailSend", 6, "2026-11-01 00:00:00"),
    ("EmailOpen", 20, "2026-11-20 00:00:00"),
    ("EmailClickthrough", 19, "2026-11-10 00:00:00"),
]
BOUNCES = [(4, "550", "5.1.1"), (19, "550", "5.1.1"), (20, "452", "4.2.2")]
CONFIG = {
    "protected_lists": ["Board"],
    "customers_where": {"field": "C_Lead_Status1", "op": "=", "value": "Customer"},
    "margin": 0.0,
}


def fill(state) -> None:
    """Empty both systems and put these people in, with lists and custom object records on them."""
    state.reset(1)
    eloqua, salesforce = state.store(EloquaStore), state.store(SalesforceStore)
    # Numbers as a text field of Eloqua's gives them, a date, and a text with what breaks careless code.
    rows = [
        {
            "id": number,
            "C_EmailAddress": address,
            "createdAt": LONG_AGO,
            "C_FirstName": f"First {number}",
            "C_LastName": 'O\'Neil, "the" second\nline' if number % 2 else "",
            "C_Company": "" if number % 3 else "Acme GmbH",
            **special,
        }
        for number, (address, special) in CONTACTS.items()
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    columns["IsBounced"] = [bool(one) for one in columns["IsBounced"]]
    columns["IsSubscribed"] = [one is not False for one in columns["IsSubscribed"]]
    eloqua.load_accounts(pa.table({"id": [1, 2], "M_CompanyName": ["Acme", "Dealing"]}))
    columns["accountId"] = [(None, 1, 2)[number % 3] for number in CONTACTS]
    eloqua.load_contacts(pa.table(columns))
    eloqua.create_list("Board", [15])
    eloqua.create_list("Newsletter", [1, 4, 6, 9, 15])
    members = demo.create_campaign_members(eloqua)
    addresses = [CONTACTS[number][0] for number in (1, 4, 6, 6, 9)]
    eloqua.load_custom_object(
        members,
        pa.table(
            {
                "externalId": [f"CM{at}" for at in range(len(addresses))],
                "Email_Address": addresses,
                "Member_Status": ["Sent"] * len(addresses),
            }
        ),
    )
    eloqua.load_activities(pa.Table.from_pylist([*map(_activity, ACTIVITIES), *map(_bounce, BOUNCES)]))
    _fill_salesforce(salesforce)


def _activity(one):
    kind, contact, at = one
    row = {"type": kind, "contactId": contact, "createdAt": at, "EmailAddress": CONTACTS[contact][0]}
    return {**row, "SmtpErrorCode": None, "SmtpStatusCode": None}


def _bounce(one):
    contact, error, status = one
    row = _activity(("Bounceback", contact, "2026-11-01 10:30:00"))
    return {**row, "SmtpErrorCode": error, "SmtpStatusCode": status}


def _fill_salesforce(salesforce: SalesforceStore) -> None:
    def load(sobject, *rows):
        return salesforce.load(sobject, pa.Table.from_pylist(list(rows))).to_pylist()

    load(
        "Account",
        {"Id": ACCOUNTS["open"], "Name": "Dealing", "Type": "Prospect"},
        {"Id": ACCOUNTS["customer"], "Name": "Customer", "Type": "Customer - Direct"},
        {"Id": ACCOUNTS["other"], "Name": "Other", "Type": "Prospect"},
    )
    load(
        "Contact",
        {"Id": PEOPLE["role"], "LastName": "a", "AccountId": None, "Email": "another@acme.example"},
        {
            "Id": PEOPLE["account"],
            "LastName": "b",
            "AccountId": ACCOUNTS["open"],
            "Email": CONTACTS[13][0].lower(),
        },
        {
            "Id": PEOPLE["called"],
            "LastName": "c",
            "AccountId": ACCOUNTS["other"],
            "Email": CONTACTS[11][0],
        },
    )
    deal, lone, _ = load(
        "Opportunity",
        *(
            {"Name": name, "StageName": stage, "CloseDate": "2026-12-01", "AccountId": account}
            for name, stage, account in (
                ("open", "Prospecting", ACCOUNTS["open"]),
                ("lone", "Qualification", None),
                ("lost", "Closed Lost", ACCOUNTS["other"]),
            )
        ),
    )
    load("OpportunityContactRole", {"OpportunityId": lone, "ContactId": PEOPLE["role"]})
    load("Task", {"WhoId": PEOPLE["called"], "Status": "Completed", "ActivityDate": "2026-05-01"})
    assert deal != lone
