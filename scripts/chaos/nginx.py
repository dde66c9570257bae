"""nginx in front of several servers, configured by the file that the documentation shows: `docs/nginx.conf`."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.chaos.connection import Address
from scripts.chaos.parley import CannotRun
from scripts.kit.port import HeldPort, listens
from scripts.kit.server_runner import ROOT
from scripts.kit.waiting import poll

SHOWN = ROOT / "docs" / "nginx.conf"
_START_S = 20.0
# Its usual folder, which may not be in PATH.
_PLACES = "/usr/sbin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin"
# The surroundings of such a file in the distribution's nginx.conf, with all written files in one folder, and with the
# file's own advice about `events`.
_AROUND = """\
daemon off;
{user}pid nginx.pid;
error_log stderr;
worker_processes 1;
events {{ worker_connections 4096; multi_accept on; }}
http {{
    access_log off;
{temporary}
    include parley.conf;
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def program() -> str | None:
    """Return the path of nginx, or None where it is not installed."""
    return shutil.which("nginx") or shutil.which("nginx", path=_PLACES)


def lacking() -> str:
    """Return a sentence if nginx is missing; empty otherwise."""
    return "" if program() else "nginx is not installed (Debian: apt-get install nginx)"


class Nginx:
    """Answers at `address` for the `servers`. Everything of its own is in `folder`. A context manager.

    `shown` replaces the configuration of the documentation.
    """

    def __init__(self, folder: Path, servers: Sequence[Address], shown: str = "") -> None:
        self._port = HeldPort()
        self.address = Address("127.0.0.1", self._port.number)
        self._folder = folder
        folder.mkdir()
        temporary = "\n".join(f"    {name}_temp_path {name};" for name in _TEMPORARY)
        (folder / "nginx.conf").write_text(_AROUND.format(user=_user(), temporary=temporary))
        (folder / "parley.conf").write_text(_with_addresses(shown or SHOWN.read_text(), self.address, servers))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Nginx:
        executable = program()
        if executable is None:
            raise CannotRun(lacking())
        with (self._folder / "error.log").open("wb") as log:
            self._process = subprocess.Popen(
                [executable, "-p", self._folder, "-c", self._folder / "nginx.conf"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            self._wait_until_it_listens()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()
        self._port.release()

    @property
    def refusals(self) -> int:
        """Return how often a server did not answer and the next one was asked."""
        return self.complaints.count("Connection refused")

    @property
    def complaints(self) -> str:
        """Return its log: each failed connection, and nginx's reaction."""
        return (self._folder / "error.log").read_text(errors="replace")

    def _wait_until_it_listens(self) -> None:
        assert self._process is not None
        process = self._process
        poll(lambda: process.poll() is not None or listens(self.address.port), _START_S)
        if process.poll() is not None or not listens(self.address.port):
            raise CannotRun(f"nginx does not start: {self.complaints.strip()[-2000:] or 'it says nothing'}")


def _user() -> str:
    """Return the option that lets nginx's workers run as root: another user could not read the folder."""
    return f"user {getpass.getuser()};\n" if os.geteuid() == 0 else ""


def _with_addresses(shown: str, address: Address, servers: Sequence[Address]) -> str:
    """Return the documented configuration with our listening address and upstream."""
    listening, ports = re.subn(r"(?m)^    listen \d+", f"    listen {address.host}:{address.port}", shown)
    lines = "\n".join(f"    server {server.host}:{server.port} max_fails=0;" for server in servers)
    whole, upstreams = re.subn(r"(    server 127\.0\.0\.1:\d+ max_fails=0;\n?)+", f"{lines}\n", listening)
    if (ports, upstreams) != (1, 1):
        raise CannotRun(f"{SHOWN} has not one port and one list of servers on this machine.")
    return whole
