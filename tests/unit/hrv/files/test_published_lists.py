"""Lists that others publish arrive once, and whole."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.files.published_lists import published_list
from hrv_pack.tools.host import ROOT

SHIPPED = ROOT / "pretrained" / "concepts"


@pytest.mark.parametrize("kind", ["concepts", "prompts"])
def test_published_lists_are_fetched_once_and_checked(kind, authors, file_server, tmp_path):
    published = published_list(SHIPPED / "published.json", kind)
    name = published.file.name
    file_server.files[name] = (authors / name).read_bytes()
    for _ in range(2):
        path = published.fetch(tmp_path, base_url=file_server.url)
        assert path.read_bytes() == file_server.files[name]
    assert file_server.asked == [name]
    path.write_bytes(b"damaged")
    file_server.files[name] = b"x" * published.file.size
    with pytest.raises(ValueError, match="checksum differs"):
        published.fetch(tmp_path, base_url=file_server.url)
