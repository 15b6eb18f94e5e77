"""The demo's studies with a server and a judge that need no model."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from PIL import Image

from hrv_pack.tools.api.client import Result
from hrv_pack.tools.demo_report.contact_sheet import WIDTH, contact_sheet
from hrv_pack.tools.demo_report.experiments import Bench
from hrv_pack.tools.demo_report.studies import (
    STUDIES,
    WEAKEN,
    heads_weakened,
    interleaved,
    measured_meanings,
)


def node(kind, title="", **inputs):
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": title}}


def graph(*kinds):
    """A plain branch and one for each steering node, as the demo workflows have them."""
    made = {
        "prompt": node("HRVPrompt", text=""),
        "latent": node("EmptyLatentImage", batch_size=1),
        "model": node("HRVDemoModel"),
    }
    for kind in ("", *kinds):
        settings = {"hrv": ["model", 0], "words": "", "strength": 1.0} if kind else {}
        made |= {
            f"steer {kind}": node(kind or "Pass", model=["model", 0], **settings),
            f"sample {kind}": node("KSampler", model=[f"steer {kind}", 0], seed=0),
            f"decode {kind}": node("VAEDecode", samples=[f"sample {kind}", 0]),
            f"show {kind}": node("PreviewImage", kind, images=[f"decode {kind}", 0]),
        }
    for key, each in made.items():
        if key.startswith("sample"):
            each["inputs"] |= {"positive": ["prompt", 0], "latent_image": ["latent", 0]}
    return made


GRAPHS = {
    "demo-measure": graph("HRVConceptAdjust"),
    "demo-steer": graph("HRVConceptAdjust", "HRVConceptStrengthen"),
    "demo-weaken": graph("HRVOrderedWeaken"),
}


class Server:
    """Gives every image of a graph in a grey that is its number; keeps the graphs."""

    def __init__(self):
        self.graphs = []

    def run_prompt(self, asked):
        self.graphs.append(asked)
        count = asked["latent"]["inputs"]["batch_size"]
        shown = [key for key, each in asked.items() if each["class_type"] == "PreviewImage"]
        return Result("1", {}, {key: [grey(i) for i in range(count)] for key in shown}, 0.5, [])


def grey(level):
    file = io.BytesIO()
    Image.new("L", (64, 64), level).save(file, "png")
    return file.getvalue()


def judge(images):
    """Sees a blue mouse on a sunny day, whatever is there."""
    likely = {"colour": dict.fromkeys(("blue", "red", "green", "yellow", "purple", "pink"), 0.25)}
    main = SimpleNamespace(probabilities=likely)
    seen = {"object": "mouse", "colour": "blue", "weather": "sunny", "probabilities": {}}
    return [SimpleNamespace(main=main, **seen) for _ in images]


def run(study):
    server = Server()
    bench = Bench(server, judge)
    return study.run(bench, GRAPHS[study.workflow]), server, bench


def study_of(account):
    return next(study for study in STUDIES if study.account is account)


each_study = pytest.mark.parametrize("study", STUDIES, ids=lambda each: each.account.__name__)


@each_study
def test_every_arm_has_every_seed_of_the_plan(study):
    found, server, bench = run(study)
    expected = len(study.plan.seeds) * study.plan.batch
    arms = [arm for listed in found.arms.values() for arm in listed]
    assert {len(arm.images) for arm in arms} == {expected}
    asked = {each["sample "]["inputs"]["seed"] for each in server.graphs if "sample " in each}
    assert asked == set(study.plan.seeds)
    assert bench.images == len({id(arm) for arm in arms}) * expected
    assert found.report["seeds"] == study.plan.seeds


@each_study
def test_a_shortened_study_takes_the_first_seeds_alone(study):
    short = study.shortened(seeds=1, batch=3)
    found, server, _ = run(short)
    seeds = {
        g["inputs"]["seed"] for each in server.graphs for k, g in each.items() if "sample" in k
    }
    assert seeds == {study.plan.seeds[0]}
    assert {len(arm.images) for listed in found.arms.values() for arm in listed} == {3}
    assert len(study.plan.seeds) > 1


def test_the_demo_leads_with_the_measured_word_on_the_prompts_and_seeds_of_the_votes():
    measured, voted = STUDIES[:2]
    assert measured.account is measured_meanings
    assert measured.plan == voted.plan


def test_rates_are_shares_of_the_images_judged_as_asked():
    found, *_ = run(study_of(heads_weakened))
    assert found.report["arms"]["MoRHF"][0]["as_asked"] == {
        "object": 0.0,  # no prompt of the plan asks for a mouse
        "colour": 0.25,
        "weather": 0.5,
    }


def test_weakening_shares_its_plain_arm_and_varies_order_and_amount():
    found, server, _ = run(study_of(heads_weakened))
    most, least = found.arms.values()
    assert most[0] is least[0] and [a.label for a in most] == [a.label for a in least]
    settings = [g["steer HRVOrderedWeaken"]["inputs"] for g in server.graphs if "sample " not in g]
    assert {each["order"] for each in settings} == {"MoRHF", "LeRHF"}
    assert len({each["amount"] for each in settings}) * len(WEAKEN.seeds) * 2 == len(settings)


def test_a_row_shows_the_first_image_of_every_prompt_first():
    study = study_of(measured_meanings)
    found, *_ = run(study)
    (arms,) = found.arms.values()
    count, prompts = study.plan.batch, len(study.plan.wishes)
    levels = [image.getpixel((0, 0))[0] for image in interleaved(arms[0])]
    assert levels == [level for level in range(count) for _ in range(prompts)]


def test_the_sheet_holds_all_sections():
    sections = [run(study.shortened(1, 4))[0].section for study in STUDIES]
    alone = [contact_sheet("Demo", "Text", [each]).height for each in sections]
    whole = contact_sheet("Demo", "Text", sections)
    assert whole.width == WIDTH
    assert whole.height > max(alone)
