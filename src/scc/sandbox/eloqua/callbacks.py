"""Telling a client that its sync has ended. Method and body are not documented; a POST of the sync is the guess."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from typing import Any

import urllib3

__all__ = ["call"]

_log = logging.getLogger(__name__)


def call(url: str, sync: Mapping[str, Any]) -> None:
    """Post the sync to `url`, in a thread of its own; a client that does not answer misses it."""
    threading.Thread(
        target=_post, args=(url, json.dumps(sync).encode()), daemon=True, name="callback"
    ).start()


def _post(url: str, body: bytes) -> None:
    try:
        with urllib3.PoolManager(retries=False, timeout=5.0) as pool:
            pool.request("POST", url, body=body, headers={"Content-Type": "application/json"})
    except urllib3.exceptions.HTTPError as error:
        _log.info("a sync's callback was not taken: %s", type(error).__name__)
