"""The host's set-up: whole stays, half-made and broken is rebuilt, a failed build harms nothing."""

import io
import re
import tarfile

import pytest

from hrv_pack.tools import host


def listing(place):
    return {p.name: p.stat().st_size for p in place.iterdir() if p.name != host.STAMP}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("HRV_HOST_DIR", str(tmp_path / "host"))
    return host.host_dir() / "thing"


class Builder:
    """Builds a folder of one file; can fail half-way."""

    def __init__(self):
        self.builds = 0
        self.fails = False

    def __call__(self, folder):
        self.builds += 1
        folder.mkdir()
        (folder / "main.py").write_text("print()")
        if self.fails:
            raise host.HostError("no network")


@pytest.fixture
def builder(place):
    builder = Builder()
    host.sure_of(place, "v1", listing, builder)
    return builder


def test_a_whole_place_is_built_once(place, builder):
    host.sure_of(place, "v1", listing, builder)
    assert builder.builds == 1
    assert list(host.host_dir().iterdir()) == [place]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda p: (p / "main.py").unlink(), r"broken \(main.py"),
        (lambda p: (p / "main.py").write_text(""), r"broken \(main.py"),
        (lambda p: (p / host.STAMP).unlink(), "half made"),
        (lambda p: (p / host.STAMP).write_text("{"), "half made"),
    ],
)
def test_a_harmed_place_is_rebuilt_and_said_so(place, builder, capsys, harm, told):
    harm(place)
    host.sure_of(place, "v1", listing, builder)
    assert builder.builds == 2
    assert (place / "main.py").read_text() == "print()"
    assert re.search(told, capsys.readouterr().err)


def test_other_pins_rebuild(place, builder, capsys):
    host.sure_of(place, "v2", listing, builder)
    assert builder.builds == 2
    assert "other versions" in capsys.readouterr().err


def test_more_files_are_the_users_business(place, builder):
    (place / "notes.txt").write_text("mine")
    host.sure_of(place, "v1", listing, builder)
    assert builder.builds == 1


def test_a_failed_build_leaves_what_was_there(place, builder):
    builder.fails = True
    with pytest.raises(host.HostError, match="no network"):
        host.sure_of(place, "v2", listing, builder)
    assert (place / "main.py").exists()
    assert list(host.host_dir().iterdir()) == [place]


def test_only_files_below_the_vendored_folder_are_unpacked(tmp_path):
    archive = tmp_path / "a.tar.gz"
    names = ["p-1/vendor/ComfyUI/main.py", "p-1/vendor/ComfyUI/../../evil.py", "p-1/setup.py"]
    with tarfile.open(archive, "w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
        link = tarfile.TarInfo("p-1/vendor/ComfyUI/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    out = tmp_path / "out"
    host.unpack(archive, out)
    assert [p.relative_to(out).as_posix() for p in out.rglob("*")] == ["main.py"]


def test_a_comfyui_path_without_comfyui_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("COMFYUI_PATH", str(tmp_path))
    with pytest.raises(host.HostError, match="COMFYUI_PATH"):
        host.ensure()


def test_pin_files_carry_hashes_and_no_address():
    for pins in sorted(host.PINS.glob("*.txt")):
        lines = [line for line in pins.read_text().splitlines() if not line.startswith("#")]
        assert "--hash=sha256:" in "".join(lines)
        assert not [line for line in lines if "://" in line or line.startswith("-")], pins.name
