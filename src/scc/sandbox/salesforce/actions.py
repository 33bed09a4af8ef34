"""REST: standard actions, of which the sandbox has one, convertLead (sandbox-salesforce.md 2 and 6)."""

from __future__ import annotations

from typing import Any

from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.conversion import CONVERTED_STATUS, Conversion, ConversionError, Wish
from scc.sandbox.salesforce.errors import refused
from scc.sandbox.salesforce.services import Services

_PATH = "/services/data/v{version}/actions/standard/convertLead"


class Actions:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._conversion = Conversion(services.store, services.queries, services.records)

    def add_routes(self) -> None:
        source = "Actions: convertLead; sandbox-salesforce.md 2 and 6"
        self._services.router.add("POST", _PATH, self.convert_leads, source)

    def convert_leads(self, call: Call) -> Answer:
        inputs = call.json_object().get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
            raise refused(400, "INVALID_INPUT", "inputs: an array of objects is needed")
        results = [self._convert(each, call.user_id) for each in inputs]
        return Answer(200 if all(each["isSuccess"] for each in results) else 400, results)

    def _convert(self, wish: dict[str, Any], user_id: str) -> dict[str, Any]:
        try:
            values = self._conversion.convert(_wish(wish), user_id)
        except ConversionError as error:
            problem = error.problem
            told = {
                "statusCode": problem.code,
                "message": problem.message,
                "fields": list(problem.fields or ()),
            }
            return {"actionName": "convertLead", "errors": [told], "isSuccess": False, "outputValues": None}
        return {"actionName": "convertLead", "errors": None, "isSuccess": True, "outputValues": values}


def _wish(raw: dict[str, Any]) -> Wish:
    def text(name: str) -> str | None:
        value = raw.get(name)
        return value if isinstance(value, str) and value else None

    return Wish(
        lead_id=text("leadId") or "",
        status=text("convertedStatus") or CONVERTED_STATUS,
        account_id=text("accountId"),
        contact_id=text("contactId"),
        with_opportunity=raw.get("createOpportunity", True) is not False,
        opportunity_name=text("opportunityName"),
        owner_id=text("ownerId"),
    )
