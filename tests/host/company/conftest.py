"""What the node A&E-HRV says in the tests of this folder."""

from __future__ import annotations

import pytest


@pytest.fixture
def said(host, monkeypatch):
    """What the node's text shows."""
    from hrv_pack.nodes.excite import node as excite

    texts: list[str] = []
    monkeypatch.setattr(excite, "teller", lambda _node: texts.append)
    return texts
