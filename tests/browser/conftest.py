"""The real page: the real server and the system's Chromium, driven by Playwright."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import FLAGS, find_or_install
from page_words import EDITOR, READY

from hrv_pack.tools.host import ROOT
from hrv_pack.tools.server import Server

# Milliseconds in which what is waited for must come, on a machine that is busy with much else.
PATIENCE = 300_000
# The browser's notes on answers such as 400; what the page says of itself while it opens, and of
# every prompt that is refused.
NOT_OURS = (
    "Failed to load resource",
    "ComfyApp graph accessed before initialization",
    "Prompt execution failed",
)


class Browser:
    """Opens pages; `said` are the errors on their consoles."""

    def __init__(self, browser: Any) -> None:
        self._browser, self.said = browser, list[str]()

    def new_page(self, **settings: Any) -> Any:
        page = self._browser.new_page(**settings)
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("console", self._hear)
        return page

    def _hear(self, message: Any) -> None:
        if message.type == "error" and not any(known in message.text for known in NOT_OURS):
            self.said.append(message.text)


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
        yield Browser(browser)
        browser.close()


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """No journey leaves an error on the page's console."""
    yield
    if "chromium" in request.fixturenames:
        browser = request.getfixturevalue("chromium")
        said, browser.said = browser.said, []
        assert said == []


@pytest.fixture(scope="module")
def page(chromium: Any, server: Server) -> Any:
    """The page, open and ready."""
    page = chromium.new_page(viewport={"width": 1600, "height": 1000})
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
