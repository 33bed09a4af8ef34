"""The page's HTML, put together from plain data. Every text is escaped; there is no script and nothing from afar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from scc.sandbox.route_table import RouteRow
from scc.sandbox.slack.plain import plain

__all__ = ["PRESETS", "Overview", "overview_page", "routes_page"]

PRESETS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "throttled": (
        "429, try again in a second",
        {"action": "status", "status": 429, "headers": {"Retry-After": "1"}},
    ),
    "error": ("500, an internal error", {"action": "status", "status": 500}),
    "unavailable": ("503, out of order", {"action": "status", "status": 503}),
    "slow": ("answers 2 s late", {"action": "slow", "seconds": 2}),
    "drop": ("drops the connection in the middle of the answer", {"action": "drop", "after_bytes": 1000}),
    "hang": ("never answers (until released)", {"action": "hang"}),
    "expire-session": ("ends the session or token", {"action": "expire-session"}),
    "sync-warning": (
        "Eloqua sync ends with a warning and 3 rejects",
        {"action": "sync-warning", "rejects": 3},
    ),
    "sync-error": ("Eloqua sync ends with an error", {"action": "sync-error"}),
    "job-failed": ("Salesforce job fails", {"action": "job-failed"}),
    "row-error": ("3 rows of a Salesforce write fail", {"action": "row-error", "rows": 3}),
}
"""Faults that the form offers: what a person reads, and the rule."""

_SYSTEMS = {"*": "all", "eloqua": "Eloqua", "salesforce": "Salesforce", "slack": "Slack"}


@dataclass(frozen=True)
class Overview:
    """What the page shows. `state` is what `GET /_sandbox/state` answers, `requests` come newest first."""

    state: Mapping[str, Any]
    credentials: Mapping[str, Mapping[str, str]]
    faults: Sequence[Mapping[str, Any]]
    requests: Sequence[Mapping[str, Any]]
    messages: Sequence[Mapping[str, Any]] = ()
    problem: str = ""
    live: bool = False


def overview_page(shown: Overview) -> str:
    problem = f'<p class="problem" role="alert">{escape(shown.problem)}</p>' if shown.problem else ""
    body = [
        problem,
        '<div class="grid">',
        _system_card(
            shown,
            "eloqua",
            "Eloqua",
            {"contacts": "contacts", "Campaign Members": "campaign members", "accounts": "accounts"},
        ),
        _system_card(
            shown,
            "salesforce",
            "Salesforce",
            {"Lead": "leads", "Contact": "contacts", "Campaign": "campaigns"},
        ),
        "</div>",
        _messages_card(shown),
        _faults_card(shown),
        _work_card(shown),
        _requests_card(shown),
    ]
    refresh = '<a href="?">stop refreshing</a>' if shown.live else '<a href="?live=1">refresh every 2 s</a>'
    links = f'{refresh} <a href="/_sandbox/routes">routes</a> <a href="/_sandbox/state">state as JSON</a>'
    about = f"seed {shown.state['seed']} · {escape(str(shown.state['now'])[:19].replace('T', ' '))} UTC"
    return _document("SCC sandbox", about, links, "".join(body), refresh_s=2 if shown.live else None)


def routes_page(rows: Iterable[RouteRow]) -> str:
    """List what is answered; the vendors' other paths are answered 501."""
    lines = [
        [
            _tag(row.system),
            f"<span class='mono'>{' '.join(row.methods)}</span>",
            f"<code>{escape(row.path)}</code>",
        ]
        for row in rows
    ]
    table = _table(["system", "methods", "path"], lines)
    note = "<p class='soft'>Any other path of the vendors' is answered 501, with what is missing.</p>"
    return _document(
        "Routes", f"{len(lines)} of them", '<a href="/_sandbox/">overview</a>', _card("", note + table)
    )


def _system_card(shown: Overview, system: str, title: str, main: Mapping[str, str]) -> str:
    found = shown.state.get(system, {"counts": {}, "under_way": {}})
    counts = dict(found["counts"])
    totals = "".join(
        f'<div><span class="total">{counts.pop(name, 0):,}</span><span class="soft">{label}</span></div>'
        for name, label in main.items()
    )
    rest = [[escape(name), f"{count:,}"] for name, count in sorted(counts.items()) if count]
    login = "".join(
        f"<tr><td class='soft'>{escape(name.replace('_', ' '))}</td><td><code>{escape(value)}</code></td></tr>"
        for name, value in shown.credentials.get(system, {}).items()
    )
    return _card(
        title,
        f'<div class="totals">{totals}</div>'
        + _table(["also", "#records"], rest)
        + "<h3>Under way</h3>"
        + _under_way(found["under_way"])
        + f"<h3>Who may come in</h3><table>{login}</table>",
        kind=system,
    )


def _under_way(work: Mapping[str, Any]) -> str:
    parts = [
        f"{escape(name.replace('_', ' '))} {len(value) if isinstance(value, list) else escape(str(value))}"
        for name, value in work.items()
    ]
    return f"<p class='small soft'>{' · '.join(parts) or 'nothing'}</p>"


def _faults_card(shown: Overview) -> str:
    rows = [
        [
            _tag(fault["system"]),
            escape(_described(fault)),
            f"<code>{escape(fault['path'] or 'any path')}</code>",
            _left(fault["times"]),
            f"{fault['fired']}",
        ]
        for fault in shown.faults
    ]
    rules = (
        _table(["system", "what happens", "path", "times", "#so far"], rows)
        if rows
        else _empty("All goes well: no faults are set.")
    )
    held = shown.state["held"]
    release = _button("/_sandbox/page/release", f"Release {held} held", "danger") if held else ""
    clear = _button("/_sandbox/page/faults/clear", "Remove all", "quiet") if rows else ""
    return _card("What goes wrong", rules + _fault_form(), right=release + clear)


def _described(fault: Mapping[str, Any]) -> str:
    match fault["action"]:
        case "status":
            what = f"answers {fault['status']}"
        case "slow":
            what = f"answers {fault.get('seconds', 1)} s late"
        case action:
            common = {"action", "system", "method", "path", "times", "after", "probability", "fired"}
            details = (f"{name} {value}" for name, value in fault.items() if name not in common)
            what = ", ".join([action, *details])
    return what + (f", {fault['probability']:.0%} of the time" if fault["probability"] < 1 else "")


def _left(times: int | None) -> str:
    if times is None:
        return "for ever"
    return f"{times} more" if times else "<span class='soft'>spent</span>"


def _fault_form() -> str:
    presets = {name: text for name, (text, _) in PRESETS.items()}
    fields = (
        f"<label>What happens{_select('preset', presets)}</label>"
        f"<label>To{_select('system', _SYSTEMS)}</label>"
        "<label>Path (regular expression)<input class='path mono' name='path' placeholder='any'></label>"
        "<label>Times (blank: for ever)<input type='number' name='times' min='1' value='1'></label>"
        "<label>Chance in %<input type='number' name='percent' min='1' max='100' value='100'></label>"
    )
    return f"<h3>Break something</h3>{_form('/_sandbox/page/faults', fields, 'Set')}"


def _work_card(shown: Overview) -> str:
    now = shown.state["transitions"]
    modes = {"immediate": "at once", "polls": "after a number of looks", "time": "after some seconds"}
    work = (
        f"<label>Syncs and jobs end{_select('mode', modes, now['mode'])}</label>"
        f"<label>Looks<input type='number' name='polls' min='1' value='{now['polls']}'></label>"
        f"<label>Seconds<input type='number' name='seconds' min='0' step='any' value='{now['seconds']}'></label>"
    )
    clock = "<label>Seconds to move on<input type='number' name='advance_s' step='any' value='3600'></label>"
    anew = (
        f"<label>Seed<input type='number' name='seed' min='0' value='{shown.state['seed']}'></label>"
        "<label>Contacts<input type='number' name='contacts' min='0' value='5000'></label>"
    )
    return (
        '<div class="grid">'
        + _card("How long work takes", _form("/_sandbox/page/transitions", work, "Set"))
        + _card("Time", _form("/_sandbox/page/clock", clock, "Move"))
        + _card("Start anew", _form("/_sandbox/page/reset", anew, "Reset", "danger"))
        + "</div>"
    )


def _messages_card(shown: Overview) -> str:
    if not shown.messages:
        return ""
    rows = [
        [str(one["n"]), escape(one["at"][11:19]), escape(one["channel"] or one["by"]), _message(one)]
        for one in shown.messages
    ]
    clear = _button("/_sandbox/page/slack/clear", "Forget them", "quiet")
    return _card("Slack", _table(["#", "time", "channel", "message"], rows), right=clear)


def _message(one: Mapping[str, Any]) -> str:
    """A message as plain text: its own, or that of its blocks and attachments."""
    titles = [str(part.get("fallback") or part.get("title") or "") for part in one["attachments"]]
    summary = one["text"] or " ".join(titles) or "(no text)"
    return f"<details><summary>{escape(summary[:200])}</summary><pre>{escape(plain(one))}</pre></details>"


def _requests_card(shown: Overview) -> str:
    rows = [
        [
            str(request["n"]),
            escape(request["at"][11:23]),
            _tag(request["system"]),
            f"<span class='mono'>{escape(request['method'])}</span>",
            f"<code>{escape(request['path'])}</code>",
            _status(request),
            f"{request['response_bytes']:,}",
            "" if request["seconds"] is None else f"{request['seconds'] * 1000:,.0f}",
        ]
        for request in shown.requests
    ]
    header = ["#", "time", "system", "method", "path", "status", "#bytes", "#ms"]
    table = f'<div class="scroll">{_table(header, rows)}</div>' if rows else _empty("No requests yet.")
    clear = _button("/_sandbox/page/requests/clear", "Forget them", "quiet") if rows else ""
    return _card("Last requests", table, about=f"{shown.state['requests']:,} in all", right=clear)


def _status(request: Mapping[str, Any]) -> str:
    status, fault = request["status"], request["fault"]
    kind = "warn" if status is None else "good" if status < 300 else "warn" if status < 500 else "bad"
    made = f" <span class='tag other'>{escape(fault)}</span>" if fault else ""
    return f"<span class='{kind}'>{status or '…'}</span>{made}"


def _document(title: str, about: str, links: str, body: str, refresh_s: int | None = None) -> str:
    refresh = f'<meta http-equiv="refresh" content="{refresh_s}">' if refresh_s else ""
    style = files("scc.sandbox").joinpath("page.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{refresh}<style>{style}</style></head>'
        f"<body><header><h1>{escape(title)}</h1><span class='soft'>{about}</span><nav>{links}</nav></header>"
        f"<main>{body}</main></body></html>"
    )


def _card(title: str, body: str, *, kind: str = "", about: str = "", right: str = "") -> str:
    head = ""
    if title:
        head = (
            f"<div class='head'><h2>{escape(title)}</h2><span class='soft small'>{escape(about)}</span>"
            f"<span class='right'>{right}</span></div>"
        )
    return f"<section class='card {kind}'>{head}{body}</section>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML; a heading that begins with # is one of numbers."""
    if not rows:
        return ""
    kinds = [" class='number'" if name.startswith("#") and name != "#" else "" for name in header]
    names = [name if name == "#" else name.removeprefix("#") for name in header]
    head = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, names, strict=True))
    lines = ("".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds, row, strict=True)) for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table>"


def _tag(system: str) -> str:
    kind = system if system in ("eloqua", "salesforce") else "other"
    return f"<span class='tag {kind}'>{escape('all' if system == '*' else system)}</span>"


def _select(name: str, options: Mapping[str, str], chosen: str = "") -> str:
    lines = (
        f"<option value='{escape(value)}'{' selected' if value == chosen else ''}>{escape(text)}</option>"
        for value, text in options.items()
    )
    return f"<select name='{name}'>{''.join(lines)}</select>"


def _form(action: str, fields: str, button: str, kind: str = "") -> str:
    return f"<form class='row' method='post' action='{action}'>{fields}<button class='{kind}'>{escape(button)}</button></form>"


def _button(action: str, text: str, kind: str) -> str:
    return f"<form style='display:inline' method='post' action='{action}'><button class='{kind}'>{escape(text)}</button></form>"


def _empty(text: str) -> str:
    return f"<p class='empty'>{escape(text)}</p>"
