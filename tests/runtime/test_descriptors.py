"""A lack of descriptors is recognised in every form in which libraries report it."""

from __future__ import annotations

import errno
import resource
import socket
import subprocess
import sys

import requests

from chat.net.errors import ConnectFailed
from chat.runtime.descriptors import exhausted
from config.paths import ROOT

EXHAUSTED = OSError(errno.EMFILE, "Too many open files")
WITHOUT = """
import resource, socket
from chat.runtime.descriptors import exhausted
error = socket.gaierror(-3, "Temporary failure in name resolution")
print(exhausted(error), exhausted(error, probe=True))
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 256))
print(exhausted(error), exhausted(error, probe=True))
"""


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


def test_the_lack_beneath_an_error() -> None:
    assert exhausted(EXHAUSTED)
    assert exhausted(OSError(errno.ENFILE, "Too many open files in system"))
    assert exhausted(caused(RuntimeError(), caused(ValueError(), EXHAUSTED)))
    assert exhausted(requests.ConnectionError(caused(OSError(), caused(ConnectFailed(), EXHAUSTED))))


def test_other_errors_are_none_of_it() -> None:
    assert not exhausted(ConnectionRefusedError(errno.ECONNREFUSED, "refused"))
    assert not exhausted(socket.gaierror(-2, "unknown"), probe=True)
    endless = ValueError()
    endless.__context__ = caused(KeyError(), endless)
    assert not exhausted(endless)


def test_whether_there_is_none_left_now() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "False", "True"]
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 3
