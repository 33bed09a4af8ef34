"""Small made-up worlds for purge-contacts, the rules judged once more in plain Python, and a way to plan them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from scc.core.changes import PlanSummary, number_changes
from scc.engines.duckdb import DuckDBEngine
from scc.pipelines.purge_contacts import CONTACT_FIELDS, Config, Kind, pipeline
from scc.store.dataset import write_dataset

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FIRST, LAST = datetime(1, 1, 1), datetime(9999, 1, 1)  # noqa: DTZ001  # as the datasets hold moments
KINDS: list[Kind] = ["malformed", "junk domain", "role account", "hard bounced", "inactive"]
# Each address with the kinds that it is by itself, as a person would say.
ADDRESSES = {
    "ann.bell@acme.example": set(),
    "Info.Desk@acme.example": set(),
    "x@y.acme.example": set(),
    "ann..bell@acme.example": {"malformed"},
    "bell@acme": {"malformed"},
    "no at all": {"malformed"},
    ".dot@Acme.example": {"malformed"},
    "INFO@acme.example ": {"role account"},
    "sales+eu@acme.example": {"role account"},
    "postmaster@mailinator.com": {"role account", "junk domain"},
    "bob@sub.Mailinator.com": {"junk domain"},
    "bob@notmailinator.com": set(),
    "": set(),
}
HARD = ("550", "5.1.1", "user unknown")
SOFT = ("452", "4.2.2", "mailbox full")
TEXTS = {
    "contacts": ["Id", *CONTACT_FIELDS],
    "customers": ["Id"],
    "opportunities": ["Id", "AccountId"],
    "opportunity-roles": ["ContactId", "OpportunityId"],
    "customer-accounts": ["Id"],
    "sf-contacts": ["Id", "AccountId", "Email", "LastActivityDate"],
    "sf-leads": ["Id", "Email", "LastActivityDate"],
    "members": ["list", "contact_id"],
}
STAMPS = {
    "activity": ["contact_id", "happened_at"],
    "bounces": [
        "contact_id",
        "EmailAddress",
        "SmtpErrorCode",
        "SmtpStatusCode",
        "SmtpMessage",
        "happened_at",
    ],
}


def make(dice: random.Random) -> tuple[Config, dict[str, list[dict[str, object]]]]:
    """A configuration and what the sources would have read, with every rule about to happen."""
    inactive = dice.choice([60, 200, 400])
    config = Config(
        target_contacts=dice.choice([1, 2, 4, 8, 30]),
        margin=dice.choice([0.0, 0.25, 0.9]),
        priority=dice.sample(KINDS, dice.randint(1, len(KINDS))),
        inactive_days=inactive,
        history_days=inactive + dice.choice([0, 100, 500]),
        young_days=dice.choice([0, 0, 30, 300]),
        keep_opted_out=dice.random() < 0.7,
        customers_where={"field": "C_Company", "op": "=", "value": "Acme"} if dice.random() < 0.5 else None,
        salesforce=dice.random() < 0.85,
    )
    numbers = [str(n) for n in dice.sample(range(1, 60), dice.randint(1, 20))]
    accounts = [f"001{n:012}AAA" for n in range(3)]
    people = [f"003{n:012}AAA" for n in range(5)]
    leads = [f"00Q{n:012}AAA" for n in range(3)]
    deals = [f"006{n:012}AAA" for n in range(3)]
    read = {
        "contacts": [_contact(dice, number, people, leads, accounts) for number in numbers],
        "activity": [
            {"contact_id": int(one), "happened_at": _moment(dice, config.history_days)}
            for one in [*numbers, "99"]
            if dice.random() < 0.5
        ],
        "bounces": [_bounce(dice, numbers, config.history_days) for _ in range(dice.randint(0, 6))],
        "members": [
            {"list": dice.choice("56"), "contact_id": dice.choice(numbers)} for _ in range(dice.randint(0, 2))
        ],
    }
    if config.customers_where:
        read["customers"] = [{"Id": one} for one in numbers if dice.random() < 0.1]
    if config.salesforce:
        read |= _salesforce(dice, accounts, people, leads, deals)
    return config, read


def _salesforce(dice, accounts, people, leads, deals):
    def email():
        return dice.choice([None, None, None, *filter(None, map(str.strip, ADDRESSES))])

    def day():
        return (
            None if dice.random() < 0.5 else (NOW - timedelta(days=dice.randint(0, 900))).date().isoformat()
        )

    return {
        "opportunities": [
            {"Id": deal, "AccountId": dice.choice([None, *accounts])} for deal in deals if dice.random() < 0.3
        ],
        "opportunity-roles": [
            {"ContactId": dice.choice(people), "OpportunityId": dice.choice(deals)}
            for _ in range(dice.randint(0, 1))
        ],
        "customer-accounts": [{"Id": one} for one in accounts if dice.random() < 0.2],
        "sf-contacts": [
            {
                "Id": one,
                "AccountId": dice.choice([None, None, *accounts]),
                "Email": email(),
                "LastActivityDate": day(),
            }
            for one in people
        ],
        "sf-leads": [{"Id": one, "Email": email(), "LastActivityDate": day()} for one in leads],
    }


def _contact(dice, number, people, leads, accounts):
    created = NOW - timedelta(
        days=dice.choice([1, 29, 31, 299, 301, 700, 800, 1000, 1000]), seconds=dice.randint(0, 2)
    )
    return {
        "Id": number,
        "C_EmailAddress": dice.choice(list(ADDRESSES)),
        "CreatedAt": "" if dice.random() < 0.02 else f"{created:%Y-%m-%d %H:%M:%S}.000",
        "Email.IsBounced": dice.choice(["True", "False", "False", "False"]),
        "Email.IsSubscribed": dice.choice(["False", "True", "True", "True", "True"]),
        "C_SFDCContactID": dice.choice(["", "", "", "", dice.choice(people), dice.choice(people)[:15]]),
        "C_SFDCLeadID": dice.choice(["", "", dice.choice(leads)]),
        "C_SFDCAccountID": dice.choice(["", "", "", "", dice.choice(accounts)]),
    }


def _bounce(dice, numbers, history):
    error, status, message = dice.choice([HARD, SOFT])
    return {
        "contact_id": int(dice.choice(numbers)),
        "EmailAddress": dice.choice([one for one in ADDRESSES if one]).swapcase(),
        "SmtpErrorCode": error,
        "SmtpStatusCode": status,
        "SmtpMessage": message,
        "happened_at": _moment(dice, history),
    }


def _moment(dice, history):
    return (NOW - timedelta(days=dice.randint(0, history), seconds=dice.randint(0, 1))).replace(tzinfo=None)


def judge(config, read):
    """The ids to delete, those to leave with a reason, and all that are protected: the written rules, one by one."""
    contacts = {row["Id"]: row for row in read["contacts"]}
    shields = {key: _shields(config, read, row) for key, row in contacts.items()}
    ranked = []
    for key, row in contacts.items():
        kinds, seen = _kinds(config, read, row)
        places = [at for at, kind in enumerate(config.priority) if kind in kinds]
        if places:
            ranked.append((places[0], seen or FIRST, _created(row) or LAST, int(key), key))
    ranked.sort()
    order = [one[-1] for one in ranked]
    excess = len(contacts) - int(config.target_contacts * (1 - config.margin))
    needed = excess if len(contacts) > config.target_contacts else 0
    chosen = [key for key in order if not shields[key]][:needed]
    kept = [key for key in order[:needed] if shields[key]]
    return set(chosen), set(kept), {key for key in contacts if shields[key]}


def _created(row):
    return datetime.fromisoformat(row["CreatedAt"]) if row["CreatedAt"] else None


def _plain(address):
    return (address or "").strip().lower()


def _shields(config, read, row):
    """Every named protection that a contact has."""
    found = set()
    own = _plain(row["C_EmailAddress"])
    same = [
        one
        for one in read.get("sf-contacts", [])
        if one["Id"][:15] == row["C_SFDCContactID"][:15] or (own and own == _plain(one["Email"]))
    ]
    accounts = {one["AccountId"] for one in same} | {row["C_SFDCAccountID"]} - {""}
    if any(one["AccountId"] in accounts for one in read.get("opportunities", []) if one["AccountId"]):
        found.add("open opportunity")
    if {one["ContactId"] for one in read.get("opportunity-roles", [])} & {one["Id"] for one in same}:
        found.add("open opportunity")
    if {one["Id"] for one in read.get("customer-accounts", [])} & accounts:
        found.add("customer")
    if row["Id"] in {one["Id"] for one in read.get("customers", [])}:
        found.add("customer")
    if row["Id"] in {one["contact_id"] for one in read["members"]}:
        found.add("protected list")
    created = _created(row)
    if created is None or (NOW.replace(tzinfo=None) - created) < timedelta(days=config.young_days):
        found.add("young")
    if config.keep_opted_out and row["Email.IsSubscribed"] == "False":
        found.add("opted out")
    if not own:
        found.add("no address")
    return found


def _kinds(config, read, row):
    """The kinds of candidate that a contact is, and when it was last seen anywhere."""
    own = _plain(row["C_EmailAddress"])
    kinds = set(ADDRESSES[row["C_EmailAddress"]])
    in_eloqua = [one["happened_at"] for one in read["activity"] if one["contact_id"] == int(row["Id"])]
    hard = [
        one["happened_at"]
        for one in read["bounces"]
        if one["contact_id"] == int(row["Id"])
        and _plain(one["EmailAddress"]) == own
        and one["SmtpErrorCode"] == HARD[0]
    ]
    has_come_back = bool(hard and in_eloqua and max(in_eloqua) > max(hard))
    if (hard or row["Email.IsBounced"] == "True") and not has_come_back:
        kinds.add("hard bounced")
    in_crm = [
        datetime.fromisoformat(one["LastActivityDate"])
        for one in [*read.get("sf-contacts", []), *read.get("sf-leads", [])]
        if one["LastActivityDate"]
        and (
            one["Id"][:15] in {row["C_SFDCContactID"][:15], row["C_SFDCLeadID"][:15]}
            or (own and own == _plain(one["Email"]))
        )
    ]
    signs = [*in_eloqua, *in_crm, *filter(None, [_created(row)])]
    if signs and max(signs) < NOW.replace(tzinfo=None) - timedelta(days=config.inactive_days):
        kinds.add("inactive")
    return kinds, max([*in_eloqua, *in_crm], default=None)


def plan(folder, config, read):
    """The change set that the pipeline's own query makes of the datasets."""
    datasets = {}
    start = NOW - timedelta(days=config.history_days)
    for name, rows in read.items():
        if name in TEXTS:
            schema = pa.schema([(column, pa.string()) for column in TEXTS[name]])
        else:
            special = {"contact_id": pa.int64(), "happened_at": pa.timestamp("us")}
            schema = pa.schema([(column, special.get(column, pa.string())) for column in STAMPS[name]])
        batch = pa.RecordBatch.from_pylist(rows, schema=schema)
        datasets[name] = write_dataset(folder / name, schema, [batch], {"start": start.isoformat()})
    step = pipeline(config).plan(datasets)
    rows = number_changes(DuckDBEngine().run(step.query), PlanSummary())
    return step, [row for batch in rows for row in batch.to_pylist()]
