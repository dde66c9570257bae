"""Change of a running server's worker class: preflight, write `.env`, reload, wait for the new workers.

A step that fails is undone and reported in one sentence. The command is in `chat/mode_command.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chat.cluster.peers import Peers
from config import env_file
from config.mode import FLAG, Mode, chosen
from config.server import preflight, running_master
from config.server.pid_file import ServerElsewhere
from config.server.running_master import Master
from config.settings import ENV_FILE, SettingError, load

# The preflight of the reload alone takes ten of them on a busy machine.
_NEW_WORKERS_S = 60.0
_POLL_S = 0.1
_UNCHANGED = "Nothing was changed."

Echo = Callable[[str], object]


class SwitchRefused(Exception):
    """The switch failed. The message names the obstacle, and says that nothing was changed or what was undone."""


def switch(target: Mode, echo: Echo) -> None:
    """Switch the running server, or `.env` alone where none runs, to `target`. Raises SwitchRefused."""
    with _switch_lock():
        server = find_server({FLAG: target.flag})
        _environment_must_allow(target, server)
        if _is_current(target, server):
            echo(f"Already {target.name}; nothing to do.")
            return
        workers = _preflight(target, server)
        change = _EnvFileChange(target)
        if server.pid:
            _reload(target, server, workers, change, echo)
        else:
            no_server = f"No server runs with DATA_DIR={server.run_dir.parent}"
            echo(f"{ENV_FILE} says {FLAG}={target.flag}. {no_server}: the next start will be {target.name}.")


def find_server(overrides: Mapping[str, str]) -> Master:
    """Return the server that runs with this DATA_DIR, or the one that would start. Raises SwitchRefused.

    `overrides` wins over `.env`, so that a wrong value that the switch is about to replace is no obstacle.
    """
    try:
        settings = load(running_master.environment() | dict(overrides))
    except SettingError as error:
        raise SwitchRefused(f"{error} {_UNCHANGED}") from error
    return server_of(settings.data_dir)


def server_of(data_dir: Path) -> Master:
    """Return the server that runs with this DATA_DIR, or the one that would start. Raises SwitchRefused."""
    run_dir = data_dir / "run"
    try:
        return running_master.find(run_dir)
    except ServerElsewhere as error:
        raise SwitchRefused(
            f"The server that uses {run_dir} runs in another container or on another machine; "
            f"give this command there. {_UNCHANGED}"
        ) from error
    except PermissionError as error:
        raise SwitchRefused(f"The server that uses {run_dir} is another user's; be that user. {_UNCHANGED}") from error
    except OSError as error:
        raise SwitchRefused(f"{run_dir} cannot be read ({error}). {_UNCHANGED}") from error


def in_environment(server: Master) -> bool:
    """Return whether the server's environment sets the mode, in which case `.env` is ignored."""
    return FLAG in server.environ


@contextlib.contextmanager
def _switch_lock() -> Iterator[None]:
    """Allow one switch at a time in a source tree. Raises SwitchRefused."""
    # The folder itself is locked, so that no lock file is created or left behind.
    handle = os.open(ENV_FILE.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise SwitchRefused(f"Another `flask mode` is at work here; wait for its end. {_UNCHANGED}") from error
    finally:
        os.close(handle)


def _environment_must_allow(target: Mode, server: Master) -> None:
    if not in_environment(server):
        return
    value = server.environ[FLAG]
    try:
        allowed = chosen(load({FLAG: value}, Path(os.devnull))) is target
    except SettingError:
        allowed = False
    if not allowed:
        whose = f"the server (process {server.pid}) was started with" if server.pid else "this environment has"
        raise SwitchRefused(
            f"{whose[0].upper()}{whose[1:]} {FLAG}={value} in its environment, which wins over .env; "
            f"take it out there and start the server anew. {_UNCHANGED}"
        )


def _is_current(target: Mode, server: Master) -> bool:
    """Return whether the settings and the newest workers have the mode already."""
    try:
        written = chosen(load(server.environ))
    except SettingError:
        return False
    if written is not target or not server.pid:
        return written is target
    newest = max(Peers(server.run_dir).reports(), key=lambda report: str(report.get("started_at")), default={})
    return newest.get("mode") == target.name


def _preflight(target: Mode, server: Master) -> int:
    """Return the number of workers that would start. Raises SwitchRefused if the server would not start so."""
    environ = server.environ | {FLAG: target.flag}
    outcome = preflight.check(server.python, server.arguments, environ, server.folder)
    if outcome.failure:
        raise SwitchRefused(f"The server would not start as {target.name} ({outcome.failure}). {_UNCHANGED}")
    if outcome.mode != target.name:
        arguments = " ".join(server.arguments)
        raise SwitchRefused(
            f"The server would start as {outcome.mode} all the same, since its command line ({arguments}) "
            f"or GUNICORN_CMD_ARGS chooses the workers. {_UNCHANGED}"
        )
    return outcome.workers


class _EnvFileChange:
    """The change of `.env`, which can be undone. Raises SwitchRefused if `.env` cannot be written."""

    def __init__(self, target: Mode) -> None:
        try:
            self._before = env_file.read(ENV_FILE)
            self._written = env_file.with_setting(self._before or b"", FLAG, target.flag)
            if self._before is None or self._written != self._before:
                env_file.write(ENV_FILE, self._written)
        except OSError as error:
            raise SwitchRefused(f"{ENV_FILE} cannot be written ({error.strerror}). {_UNCHANGED}") from error

    def undo(self) -> str:
        """Restore the previous `.env` and return a phrase about the outcome."""
        try:
            if env_file.read(ENV_FILE) != self._written:
                return f"{ENV_FILE} was changed by another program meanwhile and was not restored"
            env_file.write(ENV_FILE, self._before)
        except OSError as error:
            return f"{ENV_FILE} could not be put back ({error.strerror})"
        return f"{ENV_FILE} is as it was"


def _reload(target: Mode, server: Master, workers: int, change: _EnvFileChange, echo: Echo) -> None:
    peers = Peers(server.run_dir)
    old = _identities(peers)
    timeout_s = _NEW_WORKERS_S
    if len(old) > 2 * workers:  # then its master waits: see config/server/master.py
        echo("The server still finishes the answers of earlier reloads; this one follows.")
        timeout_s += load(server.environ).grace_s
    try:
        server.reload()
        _wait(target, server, workers, old, time.monotonic() + timeout_s)
    except (OSError, TimeoutError) as error:
        raise SwitchRefused(_undo(target, server, change, error)) from error
    remaining = len(_identities(peers) & old)
    ends = f"; {remaining} from before finish their answers and end" if remaining else ""
    echo(f"{target.name.capitalize()}: {workers} {target.worker_class} workers answer{ends}.")


def _wait(target: Mode, server: Master, workers: int, old: set[tuple[int, str]], deadline: float) -> None:
    """Wait until as many new workers of the mode report. Raises ProcessLookupError, TimeoutError."""
    peers = Peers(server.run_dir)
    while len(_identities(peers, target) - old) < workers:
        if not server.alive:
            raise ProcessLookupError
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(_POLL_S)


def _identities(peers: Peers, mode: Mode | None = None) -> set[tuple[int, str]]:
    """Return the workers that report, of one mode or of any, by pid and start time, since pids are reused."""
    reports: list[dict[str, Any]] = [report for report in peers.reports() if not report["stale"]]
    return {
        (report["pid"], str(report.get("started_at")))
        for report in reports
        if mode is None or report.get("mode") == mode.name
    }


def _undo(target: Mode, server: Master, change: _EnvFileChange, error: Exception) -> str:
    outcome = change.undo()
    if isinstance(error, PermissionError):
        return f"The server (process {server.pid}) is another user's; be that user. {outcome}."
    with contextlib.suppress(OSError):
        if isinstance(error, TimeoutError):
            server.reload()
            return (
                f"No {target.name} workers came in time. {outcome}, and the server was told to reload it; "
                "its console may say why."
            )
    return f"The server has ended. {outcome}; the server's console says why, and it must be started again."
