"""Rebuilding the pack by feature changed nothing that users see."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hrv_pack.tools.host import ROOT
from hrv_pack.tools.same_images import BASE, known

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("host")]


def test_images_figures_and_nodes_are_those_before_the_rebuild():
    if not known(BASE):
        pytest.skip(f"needs revision {BASE}, which this clone's history does not hold")
    command = [sys.executable, "-m", "tools.same_images"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
