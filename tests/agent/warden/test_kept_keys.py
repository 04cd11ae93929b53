from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from agent.warden.kept_keys import HOUR, KeptKeys

ONE, TWO = b"1" * 16, b"2" * 16


def aged(folder: Path, run: bytes, hours: float) -> None:
    then = time.time() - hours * HOUR
    os.utime(folder / run.hex(), (then, then))


def test_every_run_gets_a_key_of_its_own_which_only_root_reads(tmp_path: Path) -> None:
    keys = KeptKeys(tmp_path / "kept")
    one, two = keys.make(ONE), keys.make(TWO)
    assert len({one, two}) == 2
    assert (len(one), keys.get(ONE), KeptKeys(tmp_path / "kept").get(TWO)) == (32, one, two)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "kept", tmp_path / "kept" / ONE.hex())]
    assert modes == [0o700, 0o600]
    assert keys.get(b"3" * 16) is None


def test_what_is_destroyed_is_gone_and_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    keys = KeptKeys(tmp_path)
    keys.make(ONE)
    assert keys.destroy([ONE, TWO]) == [ONE]
    assert keys.destroy([ONE, TWO]) == []
    assert (keys.get(ONE), list(tmp_path.iterdir())) == (None, [])


def test_a_key_goes_so_long_after_its_runs_end_and_never_during_it(tmp_path: Path) -> None:
    keys = KeptKeys(tmp_path)
    for run in (ONE, TWO):
        keys.make(run)
        aged(tmp_path, run, 25)
    (tmp_path / ".half.new").write_bytes(b"left by a crash")
    keys.ended(ONE)
    keys.ended(b"3" * 16)
    assert keys.expire(24, live=[TWO]) == []
    assert keys.expire(24, live=[]) == [TWO]
    aged(tmp_path, ONE, 23.9)
    assert keys.expire(24, live=[]) == []
    aged(tmp_path, ONE, 24.1)
    assert keys.expire(24, live=[]) == [ONE]


def test_a_host_that_never_made_one_has_nothing_to_expire(tmp_path: Path) -> None:
    assert KeptKeys(tmp_path / "none").expire(1, live=[]) == []
