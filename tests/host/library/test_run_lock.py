"""What keeps two processes from one run, where it is not their doing."""

from __future__ import annotations

import tempfile

import pytest

from hrv_pack.nodes.library.run_lock import held_alone

pytestmark = pytest.mark.usefixtures("host")


def test_a_lock_that_cannot_be_opened_is_named_and_no_other_process_blamed(tmp_path, monkeypatch):
    locks, run = tmp_path / "locks", tmp_path / "colors.votes"
    locks.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(locks))
    with held_alone(run, None):
        (lock,) = locks.iterdir()
    lock.unlink(missing_ok=True)
    lock.mkdir()  # cannot be opened by anybody, root included
    said = r"run “colors”, cannot be opened: .*delete it"
    with pytest.raises(ValueError, match=said) as found, held_alone(run, None):
        pass
    assert str(lock) in str(found.value) and "Another process" not in str(found.value)
    lock.rmdir()
    with held_alone(run, None):
        pass
