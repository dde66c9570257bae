"""nginx in front of several servers, configured by the file that the documentation shows: `docs/nginx.conf`."""

from __future__ import annotations

import getpass
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from scripts.chaos.connection import Address
from scripts.chaos.parley import CannotRun
from scripts.kit.program import NotStarted, Program
from scripts.kit.server_runner import ROOT

DOCUMENTED = ROOT / "docs" / "nginx.conf"
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


def missing() -> str:
    """Return why no nginx can be started on this machine, without a full stop, or ""."""
    return "" if program() else "nginx is not installed (Debian: apt-get install nginx)"


class Nginx(Program):
    """Answers at `address` for the `servers`. Everything of its own is in `folder`. A context manager.

    `template` replaces the configuration of the documentation.
    """

    name = "nginx"

    def __init__(self, folder: Path, servers: Sequence[Address], template: str = "") -> None:
        super().__init__(folder)
        self.address = Address("127.0.0.1", self.port)
        self._servers = servers
        self._template = template or DOCUMENTED.read_text()

    def prepare(self) -> None:
        temporary = "\n".join(f"    {name}_temp_path {name};" for name in _TEMPORARY)
        (self.folder / "nginx.conf").write_text(_AROUND.format(user=_user(), temporary=temporary))
        (self.folder / "parley.conf").write_text(_with_addresses(self._template, self.address, self._servers))

    def arguments(self) -> Sequence[str | Path]:
        return [program() or "", "-p", self.folder, "-c", self.folder / "nginx.conf"]

    def start(self) -> None:
        """Start nginx and wait until it listens. Raises CannotRun."""
        if program() is None:
            raise CannotRun(f"{missing()}.")
        try:
            super().start()
        except NotStarted as error:
            raise CannotRun(str(error)) from None

    @property
    def refusals(self) -> int:
        """Return how often a server did not answer and the next one was asked."""
        return self.console().count("Connection refused")


def _user() -> str:
    """Return the option that lets nginx's workers run as root: another user could not read the folder."""
    return f"user {getpass.getuser()};\n" if os.geteuid() == 0 else ""


def _with_addresses(template: str, address: Address, servers: Sequence[Address]) -> str:
    """Return the documented configuration with our listening address and upstream."""
    listening, ports = re.subn(r"(?m)^    listen \d+", f"    listen {address.host}:{address.port}", template)
    lines = "\n".join(f"    server {server.host}:{server.port} max_fails=0;" for server in servers)
    whole, upstreams = re.subn(r"(    server 127\.0\.0\.1:\d+ max_fails=0;\n?)+", f"{lines}\n", listening)
    if (ports, upstreams) != (1, 1):
        raise CannotRun(f"{DOCUMENTED} has not one port and one list of servers on this machine.")
    return whole
