"""Checks that the server can listen on its addresses."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from config.server import pid_file
from config.server.worker_reports import WorkerReports

_ORPHANS_CLOSE_WITHIN_S = 3.0
_LOOK_EVERY_S = 0.1


def listen_error(addresses: Iterable[Any]) -> str:
    """Return an error message about the first address on which the server cannot listen; empty if there is none."""
    for address in addresses:
        if isinstance(address, tuple) and (error := _bind_error(*address)):
            return _message(address[0], address[1], error)
    return ""


def listen_error_after_orphans(addresses: Iterable[Any], run_dir: Path) -> str:
    """Like `listen_error`, but first wait a moment for workers whose master was killed to close their sockets."""
    until = time.monotonic() + _ORPHANS_CLOSE_WITHIN_S
    addresses = list(addresses)
    while (sentence := listen_error(addresses)) and time.monotonic() < until and _has_orphans(run_dir):
        time.sleep(_LOOK_EVERY_S)
    return sentence


def _bind_error(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except UnicodeError:  # not a valid host name
        return socket.gaierror(socket.EAI_NONAME, "it is no host name")
    except OSError as error:
        return error
    return None


def _message(host: str, port: int, error: OSError) -> str:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if isinstance(error, socket.gaierror) or error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        remedy = "set HOST to an address of this machine, such as 127.0.0.1"
    elif error.errno in (errno.EACCES, errno.EPERM):
        remedy = "a PORT below 1024 takes root; choose one from 1024 on"
    else:
        remedy = f"end what uses it, or choose another PORT (PORT={port % 65535 + 1}) or HOST"
    return f"cannot listen on {where} ({error.strerror}); {remedy}."


def _has_orphans(run_dir: Path) -> bool:
    """Return whether workers without a master are alive."""
    with contextlib.suppress(OSError):
        if pid_file.master(run_dir) is not None:
            return False
    return bool(WorkerReports(run_dir).live_pids())
