"""What `tools.construct` does once the host is there."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from ..hrv.construct.agreement import split_half
from ..hrv.construct.concepts import concept_words, format_concepts, shared_words
from ..hrv.construct.merging import merge_votes
from ..hrv.construct.prompts import parse_prompts
from ..hrv.construct.votes import VoteRecord
from ..hrv.files.concept_file import read_concepts
from ..hrv.files.hrv_file import save_relevance
from ..hrv.files.vote_file import SUFFIX, load_votes
from ..nodes.construct.progress import Pace
from ..nodes.construct.run import Listener, Progress
from ..nodes.construct.settings import Batching, ConstructSettings, Sampling
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
    path.parent.mkdir(parents=True, exist_ok=True)
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
        print(f"{record.done} images counted in {path}")


def votes_path(out: Path, shard: tuple[int, int]) -> Path:
    """Where a shard's votes are kept, beside the HRV file."""
    part = "" if shard == (1, 1) else f".{shard[0]}-of-{shard[1]}"
    return out.with_name(out.name.removesuffix(_STEM) + part + SUFFIX)


def read_job(options: argparse.Namespace) -> Job:
    """The job that the options describe; warnings go to standard error."""
    if options.demo == bool(options.checkpoint):
        raise ValueError("Name a --checkpoint, or choose --demo.")
    if options.demo:
        concepts, prompts = _demo_world(options)
    else:
        words = read_concepts(options.concepts or SHIPPED / "paper34.txt")
        for warning in shared_words(words):
            print(warning, file=sys.stderr)
        concepts = format_concepts(words)
        text = _read(options.prompts or SHIPPED / "prompts.txt")
        prompts = parse_prompts(text, options.how_many)
    checkpoint = str(options.checkpoint.resolve()) if options.checkpoint else ""
    threads = torch.get_num_threads()
    return Job(checkpoint, concepts, tuple(prompts), _settings(options), threads)


def _demo_world(options: argparse.Namespace) -> tuple[str, list[str]]:
    from ..demo.concepts import CONCEPTS, prompts

    words = read_concepts(options.concepts) if options.concepts else concept_words(CONCEPTS)
    if options.prompts:
        listed = parse_prompts(_read(options.prompts), options.how_many)
    else:
        listed = list(prompts(options.how_many or 400, options.seed))
    return format_concepts(words), listed


def _settings(options: argparse.Namespace) -> ConstructSettings:
    width, by, height = options.size.partition("x")
    if not (by and width.isdecimal() and height.isdecimal()):
        raise ValueError(f"--size should read like 512x512; found {options.size}.")
    same = {key: getattr(options, key) for key in ("seed", "steps", "cfg", "sampler", "scheduler")}
    return ConstructSettings(
        sampling=Sampling(**same, width=int(width), height=int(height)),
        batching=Batching(size=options.batch, exact=not options.together),
        recipe=options.recipe,
        timestep_bins=options.parts,
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The prompts in {path} cannot be read ({error}).") from error


def _shard(text: str) -> tuple[int, int]:
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal()):
        raise ValueError(f"--shard should read like 3/16; found {text}.")
    return int(number), int(count)


def _finish(record: VoteRecord, out: Path) -> None:
    relevance = record.relevance()
    save_relevance(out, relevance)
    agreement = split_half(record.votes)
    print(f"{out}: {record.done} images; {agreement.summary(relevance.concepts)}")


def _printer() -> Listener:
    """Prints a line on standard error every ten seconds."""
    pace = Pace(10)

    def tell(now: Progress) -> None:
        lines = pace.lines(now)
        if lines is not None:
            print("; ".join(lines), file=sys.stderr)

    return tell
