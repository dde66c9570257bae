"""Which kind of worker a process is, and that everything here holds in both kinds.

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
SAY = "from chat.workers import mode; here = mode.current(); print(here.name, here.worker_class)"
# Nothing is skipped and no process hangs: a deadlock ends as a failure.
TESTS = f"""{PATCH}
import sys, pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "--noconftest", *sys.argv[1:]]))
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
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
    said = run(code)
    assert (said.returncode, said.stdout.strip(), said.stderr) == (0, mode, "")


def test_a_sync_worker_does_not_import_gevent() -> None:
    said = run(
        "import sys; from chat.workers import mode, native, peers, report, ticker\n"
        "native.NativePool(1).run(int); mode.native_lock(); mode.count_greenlets()\n"
        "print([name for name in sys.modules if name.startswith(('gevent', 'greenlet'))])"
    )
    assert said.stdout.strip() == "[]", said.stderr


def test_the_same_under_gevent() -> None:
    here = Path(__file__).parent
    names = (
        "test_native_pool.py",
        "test_ticker.py",
        "test_peers.py",
        "test_peer_reports.py",
        "test_report.py",
        "test_threads.py",
    )
    said = run(TESTS, *(str(here / name) for name in names))
    assert said.returncode == 0, said.stdout + said.stderr
    assert " passed" in said.stdout
    assert "skipped" not in said.stdout
    # gevent prints what goes wrong in its own threads and goes on.
    assert "Traceback" not in said.stdout + said.stderr
