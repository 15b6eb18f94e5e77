"""Settings of P2P-HRV Edit: what cannot be is refused before anything is patched."""

from __future__ import annotations

import pytest

from hrv_pack.nodes.p2p.settings import Blend, Ranges, WordEdit

pytestmark = pytest.mark.usefixtures("host")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Ranges(1.5, 0.0, 4), "cross_replace should be from 0 to 1; found 1.5"),
        (lambda: Ranges(0.0, -0.1, 4), "self_replace"),
        (lambda: Blend(threshold=2.0), "blend_threshold"),
        (lambda: WordEdit(mode="reweight", words=" "), "type the word to reweight"),
    ],
)
def test_settings_that_cannot_be_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_the_limits_themselves_are_settings():
    assert Ranges(1.0, 0.0, 1).self_replace == 0.0
    assert Blend(threshold=1.0).words == ""
    assert WordEdit(mode="replace").words == ""
