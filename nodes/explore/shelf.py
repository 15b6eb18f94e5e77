"""What the last few runs left to look at, kept for the questions of the page."""

from __future__ import annotations

from threading import Lock
from uuid import uuid4

from .explored import Explored

KEPT_RUNS = 24  # each strength of HRV Strength Sweep is one
KEPT_BYTES = 200 * 2**20


class Shelf:
    """The last KEPT_RUNS runs, and of these the last whose maps take KEPT_BYTES together.

    The newest always stays. Mostly its maps are those that HRV Capture keeps anyhow: the same
    tensors. Everything is gone when ComfyUI ends.
    """

    def __init__(self) -> None:
        self._runs: dict[str, Explored] = {}
        self._lock = Lock()  # nodes run in another thread than the server's answers

    def put(self, explored: Explored) -> str:
        """Keep a run, and forget the oldest beyond the limits; the name to ask for it by."""
        name = uuid4().hex
        with self._lock:
            self._runs[name] = explored
            while len(self._runs) > 1 and (len(self._runs) > KEPT_RUNS or self.nbytes > KEPT_BYTES):
                del self._runs[next(iter(self._runs))]
        return name

    def get(self, name: str) -> Explored:
        """The run of this name; ValueError where it is no longer kept."""
        with self._lock:
            found = self._runs.get(name)
        if found is None:
            raise ValueError("The maps of this run are no longer kept. Run again to see them.")
        return found

    @property
    def nbytes(self) -> int:
        """Memory taken by the maps, those of several runs counted once."""
        maps = {id(run.captured): run.captured for run in self._runs.values()}
        return sum(each.nbytes for each in maps.values())


SHELF = Shelf()
"""The pack's one shelf: HRV Explore puts, the route /hrv/map gets."""
