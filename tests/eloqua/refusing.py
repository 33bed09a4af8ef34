"""What Eloqua refuses by itself: the error that a caller gets, and how often was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from tests.eloqua.instance import Instance

from scc.errors import RemoteError

__all__ = ["refused"]

E = TypeVar("E", bound=RemoteError)


def refused(
    instance: Instance,
    kind: type[E],
    status: int,
    words: str,
    call: Callable[[], object],
    *,
    before: int = 0,
    after: int = 0,
) -> E:
    """Give the error of a call that was refused with this status at once: never asked again.

    `before` requests were answered well, `after` others followed, which tidied up.
    """
    instance.client.identity()
    instance.control("DELETE", "/requests")
    with pytest.raises(RemoteError) as caught:
        call()
    error = caught.value
    assert type(error) is kind
    assert error.status == status
    assert words in str(error)
    assert error.hint
    assert not error.in_doubt
    answers = [one["status"] for one in instance.control("GET", "/requests?system=eloqua")["requests"]]
    assert len(answers) == before + 1 + after, answers
    assert answers[before] == status
    assert all(number < 400 for number in answers[:before])
    return error
