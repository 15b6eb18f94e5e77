"""What the page's script asks for: the concepts in an HRV file."""

from __future__ import annotations

from aiohttp import web
from server import PromptServer

from .library.choices import concepts_of


def register() -> None:
    """Register the route; called once when the pack loads."""
    PromptServer.instance.routes.get("/hrv/concepts")(concepts)


async def concepts(request: web.Request) -> web.Response:
    """The concepts in the file that the query names, or 404 with the reason."""
    try:
        listed = concepts_of(request.query.get("file", ""))
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=404)
    return web.json_response({"concepts": listed})
