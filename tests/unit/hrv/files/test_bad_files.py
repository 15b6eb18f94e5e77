"""Damaged and foreign files: each is read right or refused with a sentence."""

from __future__ import annotations

import io
import json
import random

import numpy as np
import pytest
import torch
from faults import Answers, cases, changed, damaged, text, value
from safetensors.torch import save
from small_relevance import relevance
from vote_records import record

from hrv_pack.hrv.files.authors import import_authors, import_authors_by_step
from hrv_pack.hrv.files.concept_file import read_concepts
from hrv_pack.hrv.files.file_names import list_names, resolve_name, safe_file_name
from hrv_pack.hrv.files.hrv_file import load_relevance, read_header, save_relevance
from hrv_pack.hrv.files.manifest import read_manifest
from hrv_pack.hrv.files.published_lists import published_list
from hrv_pack.hrv.files.vote_file import load_votes, votes_bytes, votes_name
from hrv_pack.tools.host import ROOT

TEXTS = (
    "concepts",
    "words",
    "heads",
    "provenance",
    "format",
    "version",
    "kind",
    "settings",
    "prompts",
)


def written(path, content):
    path.write_bytes(content)
    return path


def remade(content: bytes, rng: random.Random) -> bytes:
    """A safetensors file whose header or tensors say something else, in a format that is whole."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    metadata = header["__metadata__"]
    for _ in range(rng.randrange(1, 3)):
        key = rng.choice(list(metadata)) if rng.random() < 0.8 else text(rng)[:30]
        try:
            meant = json.loads(metadata.get(key, "null"))
        except (ValueError, RecursionError):
            meant = None
        new = changed(meant, rng) if isinstance(meant, dict | list) and meant else value(rng)
        metadata[key] = rng.choice((json.dumps(new), text(rng), "[" * 5000))
    if rng.random() < 0.2:
        metadata.pop(rng.choice(list(metadata)))
    known = {"F32": torch.float32, "I64": torch.int64, "BOOL": torch.bool, "F64": torch.float64}
    tensors = {}
    for name, said in header.items():
        if name != "__metadata__":
            made = torch.zeros(said["shape"], dtype=known[said["dtype"]]) + 1
            if rng.random() < 0.3:
                made = torch.full(
                    [rng.randrange(4) for _ in range(rng.randrange(4))], rng.choice((-1, 0, 7))
                )
            if rng.random() < 0.2:
                made = made.to(rng.choice((torch.float16, torch.float64, torch.int32, torch.bool)))
            if made.is_floating_point() and made.numel() and rng.random() < 0.2:
                made.flatten()[0] = rng.choice((float("nan"), float("inf"), -1.0))
            tensors[name] = made
    usable = {key: said.encode("utf-8", "replace").decode() for key, said in metadata.items()}
    return save(
        tensors, {key.encode("utf-8", "replace").decode(): said for key, said in usable.items()}
    )


@pytest.mark.parametrize("kind", ["voted", "measured"])
@pytest.mark.parametrize("accident", [damaged, remade])
def test_hrv_files(tmp_path, kind, accident):
    from dataclasses import replace

    whole = save_relevance(
        tmp_path / "whole.safetensors", replace(relevance("Animals"), kind=kind)
    ).read_bytes()
    answers = Answers()
    for number, rng in enumerate(cases(f"hrv {kind} {accident.__name__}")):
        path = written(tmp_path / "a.safetensors", accident(whole, rng))
        found = answers.of(number, load_relevance, path)
        assert found is None or bool(found.vectors.isfinite().all())
        answers.of(number, read_header, path)
    answers.close()


@pytest.mark.parametrize("accident", [damaged, remade])
def test_votes(tmp_path, accident):
    whole, answers = votes_bytes(record((0, 1, 2))), Answers()
    for number, rng in enumerate(cases(f"votes {accident.__name__}")):
        path = written(tmp_path / "a.votes", accident(whole, rng))
        found = answers.of(number, load_votes, path)
        if found is not None:
            answers.of(number, found.relevance)
            answers.of(number, found.resumed, found.prompts)
    answers.close()


def published_arrays(folder, rng):
    """The three published files, some of them spoilt."""
    names = np.array(relevance("Animals").heads.names)
    steps = rng.random() < 0.3
    vectors = np.ones((3, 2, 4) if steps else (2, 4), np.float32)
    words = b"\xef\xbb\xbfAnimals\r\n\r\n1. Dog\r\n2. Oak tree\r\n\r\nColor\r\n\r\n1. Red\r\n"
    contents = [array_bytes(vectors), array_bytes(names), words]
    which = rng.randrange(3)
    if which < 2 and rng.random() < 0.5:
        contents[which] = array_bytes(odd_array(rng))
    else:
        contents[which] = damaged(contents[which], rng)
    paths = [folder / name for name in ("v.npy", "h.npy", "w.csv")]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return import_authors_by_step if steps else import_authors, paths


def array_bytes(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def odd_array(rng):
    """Pickles, other types, other shapes, numbers that are none."""
    shape = tuple(rng.randrange(4) for _ in range(rng.randrange(5)))
    kind = rng.choice(("<f4", "<f8", "<i8", "?", "<U9", "O", "<c8", "S5", "V8", "<f2"))
    made = np.zeros(shape, kind)
    if kind == "O":
        made = np.array([{"a": value(rng)}], dtype=object)
    if kind in ("<f4", "<f8") and made.size:
        made.flat[0] = rng.choice((np.nan, np.inf, -1, 1e30))
    return made


def test_published_arrays(tmp_path):
    answers = Answers()
    for number, rng in enumerate(cases("arrays")):
        read, paths = published_arrays(tmp_path, rng)
        answers.of(number, read, *paths)
    answers.close()


def odd_list(rng):
    """The bytes of a concept file: nearly right, wrongly encoded, huge, or made to explode."""
    lines = [
        f"{text(rng)[:30]}: {', '.join(text(rng)[:20] for _ in range(rng.randrange(4)))}"
        for _ in range(rng.randrange(6))
    ]
    kind = rng.randrange(8)
    if kind == 0:
        return ("Color: red\nAnimals: cat\n" + "\n".join(lines)).encode("utf-8", "surrogatepass")
    if kind == 1:
        return "Cölor: red\nAnimals: cät".encode(
            rng.choice(("latin-1", "utf-16", "utf-32", "utf-16-be"))
        )
    if kind == 2:
        return rng.randbytes(rng.randrange(400))
    if kind == 3:
        return b"Color: " + b"red, " * rng.choice((10, 2_000_000))
    if kind == 4:
        return "\n".join(f"c{n}: w{n}" for n in range(rng.choice((2, 300_000)))).encode()
    if kind == 5:
        bomb = ["a0: &a0 [x, x]"] + [
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)
        ]
        return "\n".join(bomb).encode()
    if kind == 6:
        return (rng.choice(("[", "{a: ", "- ")) * rng.choice((3, 50_000))).encode()
    return json.dumps(value(rng)).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("ending", [".txt", ".csv", ".yaml"])
def test_concept_files(tmp_path, ending):
    answers = Answers()
    for number, rng in enumerate(cases(f"concepts {ending}")):
        path = written(tmp_path / f"a{ending}", odd_list(rng))
        found = answers.of(number, read_concepts, path)
        assert found is None or len(found.concepts) >= 2
    answers.close()


def test_names(tmp_path):
    (tmp_path / "inside").mkdir()
    answers = Answers()
    for rng in cases("names"):
        name = text(rng) + rng.choice(("", ".safetensors", ".votes", "/x.safetensors"))
        for made in (safe_file_name, votes_name):
            found = answers.of(name, made, name)
            if found is not None:
                path = written(tmp_path / "inside" / found, b"")
                assert path.parent.samefile(tmp_path / "inside") and path.is_file()
                path.unlink()
        answers.of(name, resolve_name, name, [tmp_path / "inside"])
    assert list_names([tmp_path]) == []
    answers.close()


@pytest.mark.parametrize("shipped", ["manifest.json", "concepts/published.json"])
def test_manifests(tmp_path, shipped):
    whole = json.loads((ROOT / "pretrained" / shipped).read_text(encoding="utf-8"))
    answers = Answers()
    for number, rng in enumerate(cases(f"manifest {shipped}")):
        content = (
            json.dumps(changed(whole, rng)).encode()
            if rng.random() < 0.7
            else damaged(json.dumps(whole).encode(), rng)
        )
        path = written(tmp_path / "m.json", content)
        if shipped == "manifest.json":
            answers.of(number, read_manifest, path)
        else:
            answers.of(number, published_list, path, "concepts")
    answers.close()
