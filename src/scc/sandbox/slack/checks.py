"""What Slack refuses in a message (sources.md S1): its limits of sizes and counts, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

__all__ = ["block_problems", "refusal"]

TEXT, HEADER, FIELD, BUTTON, URL = 3_000, 150, 2_000, 75, 3_000
BLOCKS, FIELDS, CONTEXT, ACTIONS, ATTACHMENTS = 50, 10, 10, 25, 100
MESSAGE = 40_000


def refusal(message: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """Slack's code for what is wrong with a message, with its words about single blocks; None where all is well."""
    text, blocks, attachments = (message.get(name) for name in ("text", "blocks", "attachments"))
    if not (text or blocks or attachments):
        return "no_text", []
    if isinstance(text, str) and len(text) > MESSAGE:
        return "msg_too_long", []
    if blocks is not None and not isinstance(blocks, list):
        return "invalid_blocks_format", []
    if attachments is not None and not isinstance(attachments, list):
        return "invalid_attachments", []
    if len(attachments or []) > ATTACHMENTS:
        return "too_many_attachments", []
    problems = list(block_problems(blocks or [], "/blocks"))
    for at, attachment in enumerate(attachments or []):
        if isinstance(attachment, dict) and isinstance(attachment.get("blocks"), list):
            problems += block_problems(attachment["blocks"], f"/attachments/{at}/blocks")
    return ("invalid_blocks", problems) if problems else None


def block_problems(blocks: list[Any], where: str) -> Iterator[str]:
    """Each with a pointer to its place, as Slack words it."""
    if len(blocks) > BLOCKS:
        yield f"no more than {BLOCKS} items allowed [json-pointer:{where}]"
    for at, block in enumerate(blocks):
        place = f"{where}/{at}"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in _KINDS:
            yield f"unsupported type: {kind} [json-pointer:{place}/type]"
            continue
        if len(str(block.get("block_id", ""))) > 255:
            yield f"must be less than 256 characters [json-pointer:{place}/block_id]"
        yield from _KINDS[kind](block, place)


def _section(block: Mapping[str, Any], place: str) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield f"missing required field: text [json-pointer:{place}]"
    if "text" in block:
        yield from _text(block["text"], f"{place}/text", TEXT)
    yield from _items(block.get("fields", []), f"{place}/fields", FIELDS, FIELD)
    if "accessory" in block:
        yield from _element(block["accessory"], f"{place}/accessory")


def _header(block: Mapping[str, Any], place: str) -> Iterator[str]:
    yield from _text(block.get("text"), f"{place}/text", HEADER, only="plain_text")


def _context(block: Mapping[str, Any], place: str) -> Iterator[str]:
    elements = block.get("elements")
    if not elements:
        yield f"missing required field: elements [json-pointer:{place}]"
        return
    yield from _items(elements, f"{place}/elements", CONTEXT, TEXT)


def _actions(block: Mapping[str, Any], place: str) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        yield f"missing required field: elements [json-pointer:{place}]"
        return
    if len(elements) > ACTIONS:
        yield f"no more than {ACTIONS} items allowed [json-pointer:{place}/elements]"
    for at, element in enumerate(elements):
        yield from _element(element, f"{place}/elements/{at}")


def _element(element: object, place: str) -> Iterator[str]:
    """Buttons are looked into; other elements are taken as they are."""
    if not isinstance(element, dict) or not element.get("type"):
        yield f"missing required field: type [json-pointer:{place}]"
    elif element["type"] == "button":
        yield from _text(element.get("text"), f"{place}/text", BUTTON, only="plain_text")
        url = element.get("url")
        if url is not None and (len(str(url)) > URL or not urlsplit(str(url)).netloc):
            yield f"must be a valid URL [json-pointer:{place}/url]"


def _image(block: Mapping[str, Any], place: str) -> Iterator[str]:
    for name in ("image_url", "alt_text"):
        if not block.get(name):
            yield f"missing required field: {name} [json-pointer:{place}]"


def _items(items: object, place: str, most: int, longest: int) -> Iterator[str]:
    if not isinstance(items, list):
        yield f"must be an array [json-pointer:{place}]"
        return
    if len(items) > most:
        yield f"no more than {most} items allowed [json-pointer:{place}]"
    for at, item in enumerate(items):
        if isinstance(item, dict) and item.get("type") == "image":
            yield from _image(item, f"{place}/{at}")
        else:
            yield from _text(item, f"{place}/{at}", longest)


def _text(value: object, place: str, longest: int, only: str | None = None) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"missing required field: text [json-pointer:{place}]"
        return
    kinds = (only,) if only else ("plain_text", "mrkdwn")
    if value.get("type") not in kinds:
        yield f"unsupported type: {value.get('type')} [json-pointer:{place}/type]"
    text = value.get("text")
    if not isinstance(text, str) or not text:
        yield f"must be more than 0 characters [json-pointer:{place}/text]"
    elif len(text) > longest:
        yield f"must be less than {longest + 1} characters [json-pointer:{place}/text]"


def _anything(block: Mapping[str, Any], place: str) -> Iterator[str]:
    del block, place
    yield from ()


_KINDS: dict[object, Callable[[Mapping[str, Any], str], Iterator[str]]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "divider": _anything,
    "rich_text": _anything,
    "markdown": _anything,
}
