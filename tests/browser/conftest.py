"""The real page: the real server and the system's Chromium, driven by Playwright."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import FLAGS, find_or_install

from hrv_pack.tools.host import ROOT
from hrv_pack.tools.server import Server

# node("HRVLoad"), field(node, "file"), menu(field), opened by tests in the page.
EDITOR = """() => Object.assign(window, {
  every: () => [app.rootGraph, ...app.rootGraph.subgraphs.values()].flatMap(graph => graph.nodes),
  node: type => every().find(node => node.type === type),
  field: (type, name) => node(type)?.widgets.find(widget => widget.name === name),
  menu: (type, name) => { const { values } = field(type, name).options;
    return typeof values === "function" ? values() : values },
  type: (type, name, value) => {
    const it = field(type, name); it.value = value; it.callback?.(value) },
})"""
READY = "window.app?.graph?.nodes && window.app.extensionManager"


@pytest.fixture(scope="module")
def server(host: Path) -> Iterator[Server]:
    """A running server with the pack in its custom_nodes, its pages yet unseen.

    HRV_FRONTEND names the folder `static` of another comfyui-frontend-package to be served.
    """
    page = os.environ.get("HRV_FRONTEND")
    with Server(arguments=("--front-end-root", page) if page else ()) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless browser; skips where there is none and none may be installed.

    Gone with its module: its event loop would be in the way of tests that run one of their own.
    """
    api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    path = find_or_install()
    if path is None:
        pytest.skip("needs Chromium: install the system's chromium package")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(chromium: Any, server: Server) -> Any:
    """The page, open and ready."""
    page = chromium.new_page(viewport={"width": 1600, "height": 1000})
    page.set_default_timeout(120_000)
    page.goto(server.url)
    page.wait_for_function(READY)
    return page


@pytest.fixture(scope="module", params=["classic", "nodes 2.0"])
def editor(request: Any, page: Any) -> Any:
    """The page with its nodes drawn by either renderer, and its own words for them (`EDITOR`)."""
    vue = request.param == "nodes 2.0"
    setting = "on => window.app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)"
    page.evaluate(setting, vue)
    page.wait_for_function("on => Boolean(window.LiteGraph.vueNodesMode) === on", arg=vue)
    page.evaluate(EDITOR)
    return page


@pytest.fixture(scope="module")
def screenshots() -> Path:
    """Where images of the page are kept for people to look at."""
    folder = ROOT / "output" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
