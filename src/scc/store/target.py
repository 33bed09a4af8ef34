"""The one place of the store that knows Luigi: a dataset, or a small file, as a Target."""

from __future__ import annotations

from collections.abc import Callable

import luigi

from scc.store.dataset import Dataset

__all__ = ["DatasetTarget", "RecordTarget"]


class DatasetTarget(luigi.Target):
    """Exists once the dataset's manifest does."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def exists(self) -> bool:
        return self.dataset.exists()


class RecordTarget(luigi.Target):
    """Exists once a question about a small file is answered with yes."""

    def __init__(self, holds: Callable[[], bool]) -> None:
        self._holds = holds

    def exists(self) -> bool:
        return self._holds()
