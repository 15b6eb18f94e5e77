"""The heads of real models, by their structure."""

from __future__ import annotations

from hrv_pack.hrv.heads import HeadTable

SD1 = HeadTable(
    (
        *(("down", n, 8) for n in range(6)),
        ("mid", 0, 8),
        *(("up", n, 8) for n in range(9)),
    )
)
SD1_HALVINGS = (0, 0, 1, 1, 2, 2, 3, 2, 2, 2, 1, 1, 1, 0, 0, 0)
"""How often the latent's sides are halved before each layer of SD1."""

SDXL = HeadTable(
    (
        *(("down", n, 10 if n < 4 else 20) for n in range(24)),
        *(("mid", n, 20) for n in range(10)),
        *(("up", n, 20 if n < 30 else 10) for n in range(36)),
    )
)
