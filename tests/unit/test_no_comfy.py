"""hrv/ stands alone: every module imports where the host is out of reach."""

from __future__ import annotations

import subprocess
import sys

from hrv_pack.tools.host import ROOT

HRV = ROOT / "hrv"
MODULES = sorted(
    ".".join(path.relative_to(HRV).with_suffix("").parts)
    for path in HRV.rglob("*.py")
    if path.stem != "__init__"
)

IMPORT_ALONE = """
import importlib, sys, traceback, types

class Blocked:
    names = {"comfy", "comfy_api", "comfy_extras", "folder_paths", "nodes", "server", "execution"}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ImportError(f"hrv must not import {name}")

sys.meta_path.insert(0, Blocked())
pack = types.ModuleType("hrv_pack")
pack.__path__ = [sys.argv[1]]
sys.modules["hrv_pack"] = pack
failed = False
for module in sys.argv[2:]:
    try:
        importlib.import_module(f"hrv_pack.hrv.{module}")
    except ImportError:
        failed = True
        traceback.print_exc()
loaded = [name for name in sys.modules if name.startswith("hrv_pack.nodes")]
sys.exit(f"hrv imported {loaded}" if loaded else failed)
"""


def test_imports_without_the_host():
    command = [sys.executable, "-c", IMPORT_ALONE, str(ROOT), *MODULES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert len(MODULES) > 25 and done.returncode == 0, done.stderr
