"""Take a call to its handler, and turn what goes wrong into the answer the vendor would give.

Also the gate: sessions, the day's limit of calls, the headers that every answer carries (sandbox-salesforce.md 2 and 1).
"""

from __future__ import annotations

import logging
from dataclasses import replace

from scc.sandbox.salesforce import bulk1_text, oauth
from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.errors import ApiError, BulkError, OAuthError, Problem, invalid_session, refused
from scc.sandbox.salesforce.router import Family, Match
from scc.sandbox.salesforce.services import Services
from scc.sandbox.salesforce.soql.errors import SoqlError

logger = logging.getLogger(__name__)


class Dispatcher:
    """Answers calls from outside (`answer`) and those made from within a composite call (`inner`)."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def answer(self, call: Call) -> Answer:
        """Answer a call as it came in. Never raises."""
        family: Family = "bulk1" if call.path.lower().startswith("/services/async/") else "rest"
        try:
            match = self._services.router.find(call)
            if match is None:
                return _missing(call)
            family = match.entry.family
            if family == "open":
                return match.entry.handler(match.call)
            return self._authenticated(match)
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets an answer
            return self._failure(error, call, family)

    def inner(self, call: Call) -> Answer:
        """Answer a part of a composite call, which has shown its session already."""
        try:
            match = self._services.router.find(call)
            return _missing(call) if match is None else match.entry.handler(match.call)
        except Exception as error:  # noqa: BLE001  # as above
            return self._failure(error, call, "rest")

    def _authenticated(self, match: Match) -> Answer:
        options = self._services.store.options
        call = match.call
        session = self._services.sessions.find(call.token or "", options.session_seconds)
        if session is None:
            raise (
                invalid_session()
                if match.entry.family == "rest"
                else BulkError("InvalidSessionId", "Invalid session id")
            )
        call = replace(call, session=session)
        used = self._services.usage.count()
        limit = {
            "Sforce-Limit-Info": f"api-usage={min(used, options.daily_api_limit)}/{options.daily_api_limit}"
        }
        try:
            _check_limit(used, options.daily_api_limit, match.entry.family)
            self._services.jobs.settle()
            answer = match.entry.handler(call)
        except Exception as error:  # noqa: BLE001  # as above
            answer = self._failure(error, call, match.entry.family)
        return (
            replace(answer, headers={**limit, **answer.headers}) if match.entry.family == "rest" else answer
        )

    def _failure(self, error: Exception, call: Call, family: Family) -> Answer:
        match error:
            case OAuthError():
                return oauth.as_answer(error)
            case BulkError():
                return bulk1_text.error_answer(call, error.code, error.message, error.status)
            case SoqlError() if family == "bulk1":
                return bulk1_text.error_answer(call, "InvalidBatch", error.message, 400)
            case SoqlError():
                return _problems(400, (Problem(error.code, error.message),))
            case ApiError() if family == "bulk1":
                return bulk1_text.error_answer(call, "ClientInputError", str(error), error.status)
            case ApiError():
                return _problems(error.status, error.problems)
            case _:
                logger.error("%s %s failed", call.method, call.path, exc_info=error)
                words = "An unexpected error occurred. Please include this ErrorId if you contact support"
                if family == "bulk1":
                    return bulk1_text.error_answer(call, "Unknown", words, 500)
                return _problems(500, (Problem("UNKNOWN_EXCEPTION", words),))


def _problems(status: int, problems: tuple[Problem, ...]) -> Answer:
    headers = {"WWW-Authenticate": "Token"} if status == 401 else {}
    return Answer(status, [problem_json(problem) for problem in problems], headers)


def problem_json(problem: Problem) -> dict[str, object]:
    """Return a problem as REST writes it (`errorCode`; collections say `statusCode`)."""
    body: dict[str, object] = {"message": problem.message, "errorCode": problem.code}
    return body if problem.fields is None else body | {"fields": list(problem.fields)}


def _check_limit(used: int, limit: int, family: Family) -> None:
    if used <= limit:
        return
    if family == "bulk1":
        raise BulkError("ExceededQuota", "TotalRequests Limit exceeded.", 403)
    raise refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def _missing(call: Call) -> Answer:
    return Answer(501, {"error": "not implemented by the sandbox", "missing": f"{call.method} {call.path}"})
