"""What the page's script asks for: the concepts in an HRV file."""

from __future__ import annotations

from aiohttp import web
from server import PromptServer

from .library import folders as library
from .library.files import DOWNLOAD, published


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


def concepts_of(choice: str) -> list[str]:
    """Concept names behind a choice of HRV Load, without fetching anything."""
    if not choice.startswith(DOWNLOAD):
        return library.concepts_in(choice)
    for entry in published():
        path = library.own_folder() / entry.file_name
        if choice == DOWNLOAD + entry.title and path.is_file():
            return library.concepts_in(entry.file_name)
    return list(library.PAPER_CONCEPTS)
