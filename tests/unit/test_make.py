"""`make help` lists every target, and the targets start what there is."""

from __future__ import annotations

import re

from hrv_pack.tools.host import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
RULES = re.findall(r"^([\w.-]+):(?![=])(.*)$", MAKEFILE, re.MULTILINE)


def test_every_target_says_what_it_does():
    told = {name for name, rest in RULES if "##" in rest}
    (phony,) = (rest.split() for name, rest in RULES if name == ".PHONY")
    assert told == set(phony)
    assert len(told) > 10


def test_every_module_that_a_target_starts_is_there():
    named = set(re.findall(r"-m (?:tools\.pack )?((?:tools|benchmarks)[\w.]*)", MAKEFILE))
    assert len(named) > 10
    for name in named:
        place = ROOT.joinpath(*name.split("."))
        found = [
            path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()
        ]
        assert found, name
        assert "main" in found[0].read_text("utf-8"), name
