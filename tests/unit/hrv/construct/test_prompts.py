"""Prompts as people write them, and those that come with the pack."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.construct.prompts import parse_prompts
from hrv_pack.tools.host import ROOT

SHIPPED = ROOT / "pretrained" / "concepts"


def test_the_shipped_prompts_are_many_and_different(authors):
    prompts = parse_prompts((SHIPPED / "prompts.txt").read_text("utf-8"))
    assert len(prompts) >= 1000 and len({*prompts}) == len(prompts)
    published = {*(authors / "prompt_list_imagenet.txt").read_text("utf-8").splitlines()}
    assert not published & {*prompts}
    assert max(len(prompt.split()) for prompt in prompts) < 40


def test_wrong_prompts_say_what_is_wrong():
    assert parse_prompts("# list\na\n\n b \n") == ["a", "b"]
    with pytest.raises(ValueError, match="no prompts"):
        parse_prompts("\n # nothing \n")
    with pytest.raises(ValueError, match="Asked for 5"):
        parse_prompts("a\nb", 5)
