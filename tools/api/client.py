"""Talk to a running ComfyUI server: requests, and workflows followed to their end."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

Graph = dict[str, dict[str, Any]]
Message = dict[str, Any]
Progress = Callable[[str, int, int], None]


class ServerError(RuntimeError):
    """The server did not start, stopped, or answered with an error."""


class PromptError(ServerError):
    """A workflow was refused, or one of its nodes failed."""


@dataclass(frozen=True)
class Result:
    """What a finished workflow gave.

    ``outputs`` is the history entry's ``{node id: ui output}``, ``images`` the encoded files by
    node id, ``seconds`` the time from posting to the end, ``messages`` the websocket's messages.
    """

    prompt_id: str
    outputs: dict[str, Any]
    images: dict[str, list[bytes]]
    seconds: float
    messages: list[Message]


class Client:
    """A server at ``url`` (without a slash at its end)."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str) -> bytes:
        """The body of a GET request."""
        return self._request(urllib.request.Request(self.url + path))

    def get_json(self, path: str) -> Any:
        """The body of a GET request, parsed."""
        return json.loads(self.get(path))

    def post_json(self, path: str, body: object) -> Any:
        """The parsed answer to a POST of ``body`` as JSON."""
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        answer = self._request(urllib.request.Request(self.url + path, data, headers))
        return json.loads(answer) if answer else None

    def object_info(self) -> dict[str, Any]:
        """The server's description of every node it knows."""
        return dict(self.get_json("/object_info"))

    def run_prompt(
        self, graph: Graph, progress: Progress | None = None, timeout: float = 3600.0
    ) -> Result:
        """Run a workflow in API form to its end and fetch its images.

        Args:
            progress: called with (node id, step, steps) as the nodes report.

        Raises:
            PromptError: if the server refuses the workflow or a node fails; says which and why.
        """
        start = time.perf_counter()
        following = asyncio.wait_for(self._follow(graph, progress), timeout)
        try:
            prompt_id, messages = asyncio.run(following)
        except asyncio.TimeoutError as error:
            raise PromptError(f"The workflow did not end within {timeout:g} s.") from error
        seconds = time.perf_counter() - start
        outputs = self.get_json(f"/history/{prompt_id}")[prompt_id]["outputs"]
        return Result(prompt_id, outputs, self._images(outputs), seconds, messages)

    async def _follow(self, graph: Graph, progress: Progress | None) -> tuple[str, list[Message]]:
        """Post a workflow and follow the websocket until it is done."""
        client, messages = uuid.uuid4().hex, []
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self.url}/ws?clientId={client}", max_msg_size=0) as socket_,
        ):
            body = {"prompt": graph, "client_id": client}
            async with session.post(f"{self.url}/prompt", json=body) as answer:
                content = await answer.json()
            # With status 200 the server still drops outputs whose inputs do not fit.
            if answer.status != 200 or content.get("node_errors"):
                raise PromptError(refusal(graph, content))
            prompt_id = content["prompt_id"]
            async for raw in socket_:
                if raw.type != aiohttp.WSMsgType.TEXT:
                    continue  # previews come as binary
                message = json.loads(raw.data)
                messages.append(message)
                if ended(message, prompt_id, progress):
                    return prompt_id, messages
        raise ServerError("The server closed the connection.")

    def _images(self, outputs: dict[str, Any]) -> dict[str, list[bytes]]:
        """The encoded images of every output node that has some."""
        return {
            node: [self.get("/view?" + urllib.parse.urlencode(image)) for image in output["images"]]
            for node, output in outputs.items()
            if "images" in output
        }

    def _request(self, request: urllib.request.Request) -> bytes:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            body = error.read().decode(errors="replace")
            raise ServerError(f"{request.full_url}: {error}\n{body}") from error
        except OSError as error:
            raise ServerError(f"{request.full_url}: {error}") from error


def ended(message: Message, prompt_id: str, progress: Progress | None) -> bool:
    """Whether a websocket message says that the workflow is done.

    Raises:
        PromptError: if it says that the workflow failed.
    """
    kind, data = message["type"], message.get("data") or {}
    if data.get("prompt_id") != prompt_id:
        return False
    if kind == "progress" and progress is not None:
        progress(str(data["node"]), int(data["value"]), int(data["max"]))
    if kind == "execution_error":
        trace = "".join(data.get("traceback", []))
        raise PromptError(
            f"Node {data['node_id']} ({data['node_type']}) failed: "
            f"{data['exception_type']}: {data['exception_message']}\n{trace}"
        )
    if kind == "execution_interrupted":
        raise PromptError(f"Interrupted at node {data.get('node_id')} ({data.get('node_type')}).")
    # execution_success comes a moment before the history is written, this one after it.
    return kind == "executing" and data.get("node") is None


def refusal(graph: Graph, content: dict[str, Any]) -> str:
    """Why the server refused a workflow, node by node."""
    error = content.get("error", "Some outputs were dropped.")
    lines = [error.get("message", str(error)) if isinstance(error, dict) else str(error)]
    for node, report in content.get("node_errors", {}).items():
        kind = graph.get(node, {}).get("class_type", "?")
        lines += [
            f"Node {node} ({kind}): {e['message']}: {e.get('details', '')}"
            for e in report["errors"]
        ]
    return "\n".join(lines)
