"""The papers' experiments on the demo model, with exact ground truth: ``make evidence``.

python tools/host.py run -m tools.pack benchmarks.evidence [--full] [--only NAME] [--workers 2]
"""

from __future__ import annotations


def main(*arguments: str) -> None:
    """Run the experiments that are not done yet and write the page."""
    from .runner import main as run

    run(*arguments)
