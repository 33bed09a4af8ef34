"""What a run works with, from settings: the one place where credentials meet the systems they are for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from scc.errors import QuotaError
from scc.flow.credentials import eloqua_credentials, salesforce_grant
from scc.flow.meter import Meter
from scc.settings import Eloqua, Salesforce, Settings

if TYPE_CHECKING:  # a client is imported only where a pipeline meets its system
    from scc.core.addresses import AddressRules
    from scc.eloqua import EloquaClient
    from scc.salesforce import SalesforceClient

__all__ = ["Systems"]

_REQUESTS = "salesforce_requests"


class Systems:
    """Each client is made when first asked for; ConfigError then names the credentials that are missing.

    `meter` counts every HTTP exchange.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.meter = Meter()

    def quota(self) -> dict[str, dict[str, int]]:
        """What the systems last told of their daily allowances, by name: `used` and `limit`."""
        usage = self.salesforce.api_usage if "salesforce" in self.__dict__ else None
        return {"salesforce_api_requests": {"used": usage.used, "limit": usage.max}} if usage else {}

    def shares(self, systems: set[str]) -> dict[str, int]:
        """What a step holds of each shared quota, by its name, that uses these systems in bulk."""
        found = {f"{system}_bulk": 1 for system in sorted(systems & {"eloqua", "salesforce"})}
        if "salesforce" in systems and self._settings.flow.salesforce_reserve:
            found[_REQUESTS] = self._settings.flow.salesforce_step_requests
        return found

    def levels(self, systems: set[str]) -> dict[str, int]:
        """How much of a quota there is now, by its name, where a system counts it by the day.

        QuotaError where too few are left for a step, after those to be kept for others.
        """
        flow = self._settings.flow
        if "salesforce" not in systems or not flow.salesforce_reserve:
            return {}
        left = self.salesforce.limits()["DailyApiRequests"].remaining
        if left < flow.salesforce_reserve + flow.salesforce_step_requests:
            raise QuotaError(
                f"salesforce has {left:,} of the day's requests left, and {flow.salesforce_reserve:,} are kept for others",
                hint="Try again when the day's count has fallen, or lower flow.salesforce_reserve; "
                f"a step is reckoned to need {flow.salesforce_step_requests:,} (flow.salesforce_step_requests).",
                system="salesforce",
            )
        return {_REQUESTS: left - flow.salesforce_reserve}

    @property
    def deletes_in_flight(self) -> int:
        """How many contacts may be under deletion at once."""
        return self._settings.flow.deletes_in_flight

    @property
    def deletes_per_second(self) -> float | None:
        return self._settings.flow.deletes_per_second

    @cached_property
    def address_rules(self) -> AddressRules:
        """When two addresses are one mailbox, as the configuration says."""
        from scc.flow.addresses import address_rules

        return address_rules(self._settings.archive.address_rules)

    @cached_property
    def eloqua(self) -> EloquaClient:
        from scc.eloqua import EloquaClient

        section = self._settings.eloqua
        return EloquaClient(
            auth=eloqua_credentials(section),
            login_url=section.login_url,
            pages=section.pages,
            sync_timeout_s=section.sync_timeout_s,
            **self._connection(section),
        )

    @cached_property
    def salesforce(self) -> SalesforceClient:
        from scc.salesforce import SalesforceClient

        section = self._settings.salesforce
        return SalesforceClient(
            auth=salesforce_grant(section),
            version=section.version,
            job_timeout_s=section.job_timeout_s,
            **self._connection(section),
        )

    def _connection(self, section: Eloqua | Salesforce) -> dict[str, Any]:
        """What both clients take alike."""
        from scc.transport import RetryPolicy

        return {
            "retry": RetryPolicy(budget_s=self._settings.flow.retry_budget_s),
            "ca_file": None if section.ca_file is None else str(section.ca_file),
            "proxy": None if section.proxy is None else section.proxy.get_secret_value(),
            "observer": self.meter,
        }
