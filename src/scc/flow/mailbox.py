"""One mailbox, told in texts: a whole value that is its address, or an address within a longer text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scc.core.addresses import AddressRules
from scc.engines.base import Engine
from scc.flow.addresses import mailbox_keys

__all__ = ["HIDDEN", "Mailbox"]

HIDDEN = "(erased)"
"""What stands in place of a value that was erased."""

# Two ways to cut addresses out of a text: between blanks and brackets, and by what addresses are mostly made of.
_TOKENS = (re.compile(r"[^\s<>\"(),;:\[\]]+"), re.compile(r"[\w.%+'-]+@[\w.-]+"))
_ENDS = "'.!?"


class Mailbox:
    """All addresses of the mailbox of `address` by the rules in force, and that address itself in any case.

    What is no address (a malformed one) is told as a whole value only.
    """

    def __init__(self, engine: Engine, rules: AddressRules, address: str) -> None:
        self.address = address.strip().lower()
        self._engine, self._rules = engine, rules
        (self.key,) = mailbox_keys(engine, rules, [address])
        self._judged: dict[str, bool] = {}
        self.pattern = self._pattern()
        self._may_tell = re.compile(self.pattern)

    def _pattern(self) -> str:
        """RE2 that finds every text that may tell of the mailbox, and some more."""
        exact = re.escape(self.address)
        if not self.key:
            return f"(?i){exact}"
        local, _, domain = self.address.rpartition("@")
        same = [one.domains for one in self._rules.providers if domain in one.domains]
        domains = "|".join(map(re.escape, {domain, *(name for names in same for name in names)}))
        # Of the local part only what stands before any tag is sure, and dots may be anywhere.
        sure = local.replace(".", "")
        for tag in {self._rules.tag, *(one.tag for one in self._rules.providers)} - {""}:
            sure = sure[:1] + sure[1:].partition(tag)[0]
        letters = r"\.*".join(re.escape(one) if one.isascii() else ".{1,2}" for one in sure)
        return f"(?i){exact}|{letters}[^@]*@({domains})|{self.key}"

    def learn(self, texts: Iterable[str]) -> None:
        """Judge all addresses in the texts by one query: `is_whole` and `without` then answer at once."""
        telling = (text for text in texts if self._may_tell.search(text)) if self.key else ()
        tokens = {token for text in telling for token in (text, *_tokens(text))} - self._judged.keys()
        if not tokens:
            return
        ordered = sorted(tokens)
        keys = mailbox_keys(self._engine, self._rules, ordered)
        self._judged |= {token: key == self.key for token, key in zip(ordered, keys, strict=True)}

    def is_whole(self, text: str) -> bool:
        """Whether the text is an address of the mailbox, or the mailbox's key, and nothing else."""
        if self.key and text == self.key:
            return True
        return text.strip().lower() == self.address or self._judge(text)

    def without(self, text: str) -> str:
        """The text with every address of the mailbox hidden."""
        if self.is_whole(text):
            return HIDDEN
        if not self.key or not self._may_tell.search(text):
            return text
        for token in sorted(_tokens(text), key=len, reverse=True):
            if token.lower() == self.address or self._judge(token):
                text = text.replace(token, HIDDEN)
        return text

    def _judge(self, token: str) -> bool:
        if token not in self._judged and "@" in token:
            self.learn([token])
        return self._judged.get(token, False)


def _tokens(text: str) -> set[str]:
    if "@" not in text:
        return set()
    found = {token for pattern in _TOKENS for token in pattern.findall(text) if "@" in token}
    return found | {token.strip(_ENDS) for token in found}
