"""What stands in the way of deleting an asset: others that name it. Answered 412, in Oracle's words (sources.md E4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scc.sandbox.eloqua.documents import Documents
from scc.sandbox.eloqua.errors import EloquaError

__all__ = ["check_free"]

_WORDS = "The resource you are attempting to delete has dependencies, and cannot be deleted"
_CRITERIA = ("contacts/segments", "contacts/filters")
_STATEMENTS = {"contacts/lists": "ContactList", "contacts/segments": "ContactSegment"}
_PROPERTIES = {
    "contacts/lists": "listId",
    "contacts/segments": "segmentId",
    "emails": "emailId",
    "forms": "formId",
    "landingPages": "landingPageId",
}
"""What an element of a campaign calls the asset that it works with."""


def check_free(documents: Documents, kind: str, number: int) -> None:
    """Raises 412 where a segment, a filter or a campaign's element names the asset."""
    if kind in _STATEMENTS:
        named = re.compile(rf"\b{_STATEMENTS[kind]}\[0*{number}\]", re.IGNORECASE)
        for other in _CRITERIA:
            if any(named.search(str(one.get("criterion", ""))) for one in documents.all(other)):
                raise EloquaError(412, _WORDS)
    name = _PROPERTIES.get(kind)
    if name is not None and any(
        str(element.get(name, "")) == str(number)
        for campaign in documents.all("campaigns")
        for element in _objects(campaign.get("elements"))
    ):
        raise EloquaError(412, _WORDS)


def _objects(raw: object) -> Iterator[Mapping[str, object]]:
    if isinstance(raw, list):
        yield from (one for one in raw if isinstance(one, dict))
