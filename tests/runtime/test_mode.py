"""The kind of worker of a process. All tests here run in both kinds.

The tests of the pool, the ticker, the peers and the report run once as they are and once more, from here, in a
process that gevent has patched.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

PATCH = "from gevent import monkey; monkey.patch_all()\n"
SAY = "from chat.runtime import mode; here = mode.current(); print(here.name, here.worker_class)"
# Nothing is skipped and no process hangs: a deadlock ends as a failure.
TESTS = f"""{PATCH}
import sys, pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize(
    ("code", "mode"),
    [
        (SAY, "sync gthread"),
        (PATCH + SAY, "async gevent"),
        ("import gevent\n" + SAY, "sync gthread"),
        ("import gevent.monkey\n" + SAY, "sync gthread"),
        ("from gevent import monkey; monkey.patch_all(thread=False)\n" + SAY, "sync gthread"),
        # As in a worker: imported by the configuration, patched afterwards.
        ("import config.settings\n" + PATCH + SAY, "async gevent"),
    ],
    ids=["plain", "patched", "gevent imported", "not yet patched", "threads not patched", "settings read before"],
)
def test_the_mode_of_a_process(code: str, mode: str) -> None:
    process = run(code)
    assert (process.returncode, process.stdout.strip(), process.stderr) == (0, mode, "")


def test_a_sync_worker_does_not_import_gevent() -> None:
    process = run(
        "import sys; from chat.cluster import peers; from chat.runtime import mode, native, process_stats, ticker\n"
        "native.NativePool(1).run(int); mode.native_lock(); mode.count_greenlets()\n"
        "print([name for name in sys.modules if name.startswith(('gevent', 'greenlet'))])"
    )
    assert process.stdout.strip() == "[]", process.stderr


def test_the_same_under_gevent() -> None:
    names = (
        "runtime/test_native.py",
        "runtime/test_ticker.py",
        "runtime/test_periodic_jobs.py",
        "runtime/test_process_stats.py",
        "runtime/test_threads.py",
        "test_leaks.py",
        "test_services.py",
        "cluster/test_peers.py",
        "cluster/test_peer_reports.py",
    )
    process = run(TESTS, *(str(ROOT / "tests" / name) for name in names))
    assert process.returncode == 0, process.stdout + process.stderr
    assert " passed" in process.stdout
    assert "skipped" not in process.stdout
    # gevent prints what goes wrong in its own threads and goes on.
    assert "Traceback" not in process.stdout + process.stderr
