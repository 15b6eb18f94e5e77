"""What `tools.construct` does once the host is there."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from comfy.samplers import KSampler

from ..hrv.construct.concepts import ConceptWords, concept_words, format_concepts, shared_words
from ..hrv.construct.merging import merge_votes
from ..hrv.construct.prompts import parse_prompts
from ..hrv.construct.records import RunRecord
from ..hrv.files.concept_file import read_concepts
from ..hrv.files.hrv_file import save_relevance
from ..hrv.files.vote_file import SUFFIX, load_votes
from ..hrv.measure.concept_defaults import default_templates
from ..hrv.text.spelling import nearest
from ..hrv.text.untrusted import read_text
from ..nodes.construct.progress import Pace
from ..nodes.construct.run import Listener, Progress, drawn_texts, measured_prompts
from ..nodes.construct.settings import (
    MEASURED,
    Batching,
    ConstructSettings,
    Measuring,
    Sampling,
)
from ..nodes.library.concept_lists import SHIPPED
from .construct_job import Job

_STEM = ".hrv.safetensors"


def run(options: argparse.Namespace) -> None:
    """Construct, or merge; ValueError where the input is wrong."""
    if not options.out.name.endswith(_STEM):
        raise ValueError(f"--out should end in {_STEM}; found {options.out.name}.")
    if options.merge:
        _finish(merge_votes([load_votes(path) for path in options.merge]), options.out)
        return
    shard = _shard(options.shard)
    if options.stop_at and (shard != (1, 1) or options.ray):
        raise ValueError("--stop-at needs all votes in one place; leave out --shard and --ray.")
    job = read_job(options)
    path = votes_path(options.out, shard)
    if options.ray:
        from .construct_ray import run_on_ray

        record = run_on_ray(job, options.ray, options.workers, path)
    else:
        with torch.inference_mode():
            construction = job.construction(path)
            record = construction.run(_printer(), options.stop_at, construction.groups(shard))
    if shard == (1, 1):
        _finish(record, options.out)
    else:
        print(f"{record.done} {record.unit} counted in {path}")


def votes_path(out: Path, shard: tuple[int, int]) -> Path:
    """Where a shard's votes are kept, beside the HRV file."""
    part = "" if shard == (1, 1) else f".{shard[0]}-of-{shard[1]}"
    return out.with_name(out.name.removesuffix(_STEM) + part + SUFFIX)


def read_job(options: argparse.Namespace) -> Job:
    """The job that the options describe; warnings go to standard error."""
    if options.demo == bool(options.checkpoint):
        raise ValueError("Name a --checkpoint, or choose --demo.")
    words = _concepts(options)
    settings = _settings(options, words)
    if settings.recipe == MEASURED:
        prompts = drawn_texts(words, settings, options.how_many or measured_prompts(words))
    else:
        prompts = _prompts(options)
    checkpoint = str(options.checkpoint.resolve()) if options.checkpoint else ""
    threads = torch.get_num_threads()
    return Job(checkpoint, format_concepts(words), tuple(prompts), settings, threads)


def _concepts(options: argparse.Namespace) -> ConceptWords:
    """The concepts of the options, of the demo world or the paper's."""
    if options.demo and not options.concepts:
        from ..demo.concepts import CONCEPTS, FULL_CONCEPTS

        return concept_words(FULL_CONCEPTS if options.recipe == MEASURED else CONCEPTS)
    words = read_concepts(options.concepts or SHIPPED / "paper34.txt")
    for warning in shared_words(words) if options.recipe != MEASURED else ():
        print(warning, file=sys.stderr)
    return words


def _prompts(options: argparse.Namespace) -> list[str]:
    if options.demo and not options.prompts:
        from ..demo.concepts import prompts

        return list(prompts(options.how_many or 400, options.seed))
    return parse_prompts(read_text(options.prompts or SHIPPED / "prompts.txt"), options.how_many)


def _measuring(options: argparse.Namespace, words: ConceptWords) -> Measuring:
    if options.recipe != MEASURED:
        return Measuring()
    templates = default_templates(words)
    if options.templates:
        templates = read_text(options.templates)
    elif options.demo and not options.concepts:
        from ..demo.concepts import TEMPLATE

        templates = TEMPLATE
    return Measuring(templates=templates, images=options.images, swaps=options.swaps)


def _settings(options: argparse.Namespace, words: ConceptWords) -> ConstructSettings:
    width, by, height = options.size.partition("x")
    if not (by and width.isdecimal() and height.isdecimal()):
        raise ValueError(f"--size should read like 512x512; found {options.size}.")
    for what, found, known in (
        ("sampler", options.sampler, KSampler.SAMPLERS),
        ("scheduler", options.scheduler, KSampler.SCHEDULERS),
    ):
        if found not in known:
            raise ValueError(f"There is no {what} {found!r}.{nearest(found, known)}")
    same = {key: getattr(options, key) for key in ("seed", "steps", "cfg", "sampler", "scheduler")}
    return ConstructSettings(
        sampling=Sampling(**same, width=int(width), height=int(height)),
        batching=Batching(size=options.batch, exact=not options.together),
        recipe=options.recipe,
        timestep_bins=options.parts,
        measuring=_measuring(options, words),
        rule=options.vote,
    )


def _shard(text: str) -> tuple[int, int]:
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal()):
        raise ValueError(f"--shard should read like 3/16; found {text}.")
    return int(number), int(count)


def _finish(record: RunRecord, out: Path) -> None:
    relevance = record.relevance()
    save_relevance(out, relevance)
    agreement = record.agreement()
    print(f"{out}: {record.done} {record.unit}; {agreement.summary(relevance.concepts)}")


def _printer() -> Listener:
    """Prints a line on standard error every ten seconds."""
    pace = Pace(10)

    def tell(now: Progress) -> None:
        lines = pace.lines(now)
        if lines is not None:
            print("; ".join(lines), file=sys.stderr)

    return tell
