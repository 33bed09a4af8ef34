"""Marketing operations as code: Eloqua and Salesforce pipelines that plan, guard, apply and can be taken back."""

from __future__ import annotations

__version__ = "0.1.0"
