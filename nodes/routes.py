"""What the page's script asks for: concepts of an HRV file, words of a prompt, their maps."""

from __future__ import annotations

import asyncio
from typing import Any

import torch
from aiohttp import web
from server import PromptServer

from .explore.explored import UnknownConcept, View
from .explore.shelf import SHELF
from .library.choices import AUTO, concepts_of
from .library.upstream import concepts_upstream
from .prompts.picking import words_to_pick

LONGEST = 20_000  # characters of prompts in one question


def register() -> None:
    """Register the routes; called once when the pack loads."""
    routes = PromptServer.instance.routes
    routes.get("/hrv/concepts")(concepts)
    routes.post("/hrv/words")(words)
    routes.post("/hrv/map")(maps)


async def concepts(request: web.Request) -> web.Response:
    """The concepts in the file that the query names, or 404 with the reason.

    For auto the query may name what loads the model: the type of a node, and its checkpoint.
    """
    file, loader = request.query.get("file", ""), request.query.get("loader", "")
    try:
        if file == AUTO and loader:
            listed = concepts_upstream(loader, request.query.get("checkpoint", ""))
        else:
            listed = concepts_of(file)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=404)
    return web.json_response({"concepts": listed})


async def words(request: web.Request) -> web.Response:
    """The words to pick of {"prompts": [...]}, for a field that says "words" in its "form".

    400 where it is asked otherwise.
    """
    try:
        asked = await request.json()
        prompts, named, form = asked["prompts"], asked["words"], asked.get("form", "list")
        texts = [*prompts, named, form]
        fits = isinstance(prompts, list) and all(isinstance(text, str) for text in texts)
    except (ValueError, KeyError, TypeError, AttributeError):
        fits = False
    if not fits or sum(map(len, prompts)) + len(named) > LONGEST:
        reason = f"Expected prompts, words and form as texts of at most {LONGEST} characters."
        return web.json_response({"error": reason}, status=400)
    return web.json_response(words_to_pick(prompts, named, form))


async def maps(request: web.Request) -> web.Response:
    """The words and their maps of {"run": name, "image": 0, "concept": "", "heads": 1}.

    See nodes/explore/explored.py; 400 with the reason where it is asked otherwise, or the run is
    no longer kept; with "unknown" where all that is amiss is the concept.
    """
    try:
        question = await request.json()
    except (ValueError, RecursionError):
        question = None
    try:
        answer = await asyncio.to_thread(_look, question)
    except UnknownConcept as error:
        return web.json_response({"error": str(error), "unknown": "concept"}, status=400)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    return web.json_response(answer)


@torch.inference_mode()
def _look(question: Any) -> dict[str, Any]:
    """The answer to a question of the page; ValueError, with the reason, where there is none."""
    if not isinstance(question, dict) or not isinstance(question.get("run"), str):
        raise ValueError("Expected the name of a run, and a view of it.")
    return SHELF.get(question["run"]).answer(View.read(question))
