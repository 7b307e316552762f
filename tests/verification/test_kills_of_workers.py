"""Workers killed in mid-run, here and on a cluster; hundreds of them: ``python -m tests.verification.kill_forked``."""

from __future__ import annotations

import sys

import pytest

from tests.verification.kill_forked import sweeps

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the attempts are forked, on Linux only"),
]


@pytest.mark.parametrize(("what", "kills", "replications"), [("workers", 5, 40), ("dask", 2, 60)])
def test_single_workers_may_be_killed_at_any_moment(what, kills, replications, tmp_path):
    assert sweeps(tmp_path, kills, what, replications) >= kills
