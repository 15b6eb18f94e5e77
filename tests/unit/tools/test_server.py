"""What the server is started with: the pack asked for, under its own name, on a free port."""

from __future__ import annotations

import json
import socket

from hrv_pack.tools.host import ROOT
from hrv_pack.tools.server import PACK, free_port, lay_out


def test_the_pack_asked_for_is_served_under_its_own_name(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for base, pack in ((tmp_path / "a", other), (tmp_path / "b", ROOT)):
        lay_out(base, pack)
        (served,) = (base / "custom_nodes").iterdir()
        assert (served.name, served.resolve()) == (PACK, pack.resolve())
        assert json.loads((base / "user/default/comfy.settings.json").read_text())


def test_a_free_port_can_be_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        assert taken.getsockname()[1] != free_port()
