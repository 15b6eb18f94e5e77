"""Bad files and values by the thousand, each read right or refused with a sentence::

    python3 tools/host.py run -m tools.reliability.faults [SHARE]

Runs the tests of both tiers with many cases, or with a share of these, and writes what they counted
as the section *Bad files and values* of docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from ..host import ROOT
from .report import machine, write_section

TIERS = (("tests/unit/hrv/files/test_bad_files.py", 1500), ("tests/host/faults", 200))
ROWS = ROOT / "output" / "faults" / "rows.jsonl"


def main(arguments: Sequence[str]) -> int:
    """The command line; see the module's docstring."""
    share = float(arguments[0]) if arguments else 1.0
    ROWS.parent.mkdir(parents=True, exist_ok=True)
    ROWS.unlink(missing_ok=True)
    failed = 0
    for folder, count in TIERS:
        asked = {"HRV_FAULT_CASES": str(round(share * count)), "HRV_FAULT_REPORT": str(ROWS)}
        command = [sys.executable, "-m", "pytest", "-q", folder]
        failed |= subprocess.call(command, cwd=ROOT, env={**os.environ, **asked})
    rows = [json.loads(line) for line in ROWS.read_text("utf-8").splitlines()]
    write_section("Bad files and values", page(rows))
    return failed


def page(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The section."""
    accepted, refused = (sum(row[key] for row in rows) for key in ("accepted", "refused"))
    wrong = [said for row in rows for said in row["wrong"]]
    ran, hung = (sum(each.startswith(what) for each in wrong) for what in ("ran ", "Hangs"))
    return [
        f"`make faults`: {accepted + refused:,} generated bad files and values, made of seeds: "
        f"{accepted:,} accepted, {refused:,} refused, {len(wrong)} of these otherwise than with a "
        f"sentence of ours, at once and in bounds. Code of a file run: {ran} (Python's audit "
        f"events); without an end: {hung}. Slowest {max(row['slowest'] for row in rows):.1f} s; "
        f"most memory that one kind added {max(row['grown'] for row in rows):.0f} MiB. "
        f"{machine()}.",
        "",
        "| kind | accepted | refused | wrong | slowest, s | memory, MiB |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row['kind']} | {row['accepted']} | {row['refused']} | {len(row['wrong'])} | "
            f"{row['slowest']:.2f} | {row['grown']:.0f} |"
            for row in rows
        ),
        *(f"- {said}" for said in wrong),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
