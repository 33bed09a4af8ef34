"""SOAP: login and logout of the partner and enterprise API (sandbox-salesforce.md 1).

Names are looked up without regard to prefixes, since every client has its own; answers keep to the prefixes that
clients search for as text.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.router import NEWEST, OLDEST
from scc.sandbox.salesforce.services import Services
from scc.sandbox.salesforce.store import ORGANIZATION_ID, PROFILE_ID, USER_ID

LAST_WITH_LOGIN = 64
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_BAD_LOGIN = "Invalid username, password, security token; or user locked out."
_DISABLED = "SOAP API login() is disabled by default in this org."


class SoapFaultError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Soap:
    def __init__(self, services: Services) -> None:
        self._services = services

    def add_routes(self) -> None:
        add = self._services.router.add
        for flavour in ("u", "c"):
            source = "SOAP: login(), logout(); sandbox-salesforce.md 1"
            add("POST", f"/services/Soap/{flavour}/{{api}}", self.call, source, "open")
            add("POST", f"/services/Soap/{flavour}/{{api}}/{{organization}}", self.call, source, "open")

    def call(self, call: Call) -> Answer:
        flavour = "enterprise" if "/soap/c/" in call.path.lower() else "partner"
        try:
            return _answer(200, self._run(call, flavour))
        except SoapFaultError as fault:
            return _answer(500, _fault(fault, flavour))

    def _run(self, call: Call, flavour: str) -> str:
        number = int(call["api"].split(".")[0]) if call["api"].split(".")[0].isdecimal() else 0
        if not OLDEST <= number <= NEWEST:
            raise SoapFaultError(
                "UNSUPPORTED_API_VERSION", f"Invalid Api version specified on URL: {call['api']}"
            )
        root = _parsed(call.body.bytes())
        if _find(root, "login") is not None:
            return self._login(call, root, number, flavour)
        if _find(root, "logout") is not None:
            self._services.sessions.expire(_text(root, "sessionId"))
            return f'<logoutResponse xmlns="urn:{flavour}.soap.sforce.com"/>'
        raise SoapFaultError(
            "UNKNOWN_EXCEPTION", "The sandbox answers login and logout over SOAP, nothing else"
        )

    def _login(self, call: Call, root: ET.Element, number: int, flavour: str) -> str:
        if number > LAST_WITH_LOGIN:
            raise SoapFaultError("UNSUPPORTED_API_VERSION", "login() is not available in this API version")
        if not self._services.store.options.soap_login:
            raise SoapFaultError("INVALID_OPERATION", _DISABLED)
        known = self._services.state.credentials.salesforce
        accepted = (known.password, known.password + known.security_token)
        if _text(root, "username") != known.username or _text(root, "password") not in accepted:
            raise SoapFaultError("INVALID_LOGIN", _BAD_LOGIN)
        token, user_id, organization_id = self._services.log_in()
        address = f"{call.base}/services/Soap/{{}}/{call['api']}/{organization_id[:15]}"
        kind = "c" if flavour == "enterprise" else "u"
        return (
            f'<loginResponse xmlns="urn:{flavour}.soap.sforce.com"><result>'
            f"<metadataServerUrl>{escape(address.format('m'))}</metadataServerUrl><passwordExpired>false</passwordExpired>"
            f"<sandbox>false</sandbox><serverUrl>{escape(address.format(kind))}</serverUrl>"
            f"<sessionId>{escape(token)}</sessionId><userId>{user_id}</userId>{self._user_info()}</result></loginResponse>"
        )

    def _user_info(self) -> str:
        username = escape(self._services.state.credentials.salesforce.username)
        seconds = self._services.store.options.session_seconds
        return (
            "<userInfo><accessibilityMode>false</accessibilityMode><currencySymbol>$</currencySymbol>"
            f"<organizationId>{ORGANIZATION_ID}</organizationId><organizationMultiCurrency>false</organizationMultiCurrency>"
            f"<organizationName>Acme</organizationName><profileId>{PROFILE_ID}</profileId><roleId xsi:nil='true'/>"
            f"<sessionSecondsValid>{seconds}</sessionSecondsValid><userDefaultCurrencyIsoCode xsi:nil='true'/>"
            f"<userEmail>{username}</userEmail><userFullName>API User</userFullName><userId>{USER_ID}</userId>"
            "<userLanguage>en_US</userLanguage><userLocale>en_US</userLocale>"
            f"<userName>{username}</userName><userTimeZone>GMT</userTimeZone><userType>Standard</userType>"
            "<userUiSkin>Theme3</userUiSkin></userInfo>"
        )


def _parsed(body: bytes) -> ET.Element:
    try:
        return ET.fromstring(body)  # noqa: S314  # its own clients' envelopes; expat bounds entity expansion
    except ET.ParseError:
        raise SoapFaultError("UNKNOWN_EXCEPTION", "The request is not well-formed XML") from None


def _find(root: ET.Element, name: str) -> ET.Element | None:
    return next((each for each in root.iter() if each.tag.rpartition("}")[2] == name), None)


def _text(root: ET.Element, name: str) -> str:
    found = _find(root, name)
    return "" if found is None else found.text or ""


def _answer(status: int, inner: str) -> Answer:
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" '
        f'xmlns:xsi="{_INSTANCE}"><soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>'
    )
    return Answer(status, document.encode(), media_type="text/xml;charset=UTF-8")


def _fault(fault: SoapFaultError, flavour: str) -> str:
    code, message = escape(fault.code), escape(fault.message)
    return (
        f'<soapenv:Fault xmlns:sf="urn:fault.{flavour}.soap.sforce.com"><faultcode>sf:{code}</faultcode>'
        f"<faultstring>{code}: {message}</faultstring><detail>"
        f'<sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>"
    )
