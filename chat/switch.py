"""Changes the worker class of a running server: tried out first, written to `.env`, reloaded, and looked after.

Whatever does not succeed is undone, and told in one sentence. The command: `chat/mode_command.py`.
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
from chat.runtime.mode import ASYNC, SYNC, Mode
from config import env_file, trial
from config.pid_file import ServerElsewhere
from config.server import running_master
from config.server.running_master import Master
from config.settings import ENV_FILE, SettingError, Settings, load

FLAG = "USE_ASYNC_AGENT"

# On a busy machine the trial of the reload alone takes ten of them.
_NEW_WORKERS_S = 60.0
_LOOK_EVERY_S = 0.1
_UNCHANGED = "Nothing was changed."

Say = Callable[[str], object]


class Refused(Exception):
    """One or two sentences: what stands in the way, and that nothing was changed or what was undone."""


def switch(target: Mode, say: Say) -> None:
    """Bring the server to `target`; where none runs, `.env`. Raises Refused."""
    with _alone():
        server = find_server({FLAG: _flag(target)})
        _environment_must_allow(target, server)
        if _is_so(target, server):
            say(f"Already {target.name}; nothing to do.")
            return
        workers = _try_out(target, server)
        change = _Change(target)
        if server.pid:
            _reload(target, server, workers, change, say)
        else:
            say(f"{ENV_FILE} says {FLAG}={_flag(target)}. {nobody(server)}: the next start will be {target.name}.")


def find_server(assumed: Mapping[str, str]) -> Master:
    """The server that runs with this DATA_DIR, or what would start from here. `assumed` wins over `.env`, so
    that a setting which is just being mended does not stand in the way. Raises Refused.
    """
    try:
        settings = load(running_master.environment() | dict(assumed))
    except SettingError as error:
        raise Refused(f"{error} {_UNCHANGED}") from error
    return server_of(settings.data_dir)


def server_of(data_dir: Path) -> Master:
    """The server that runs with this DATA_DIR, or what would start from here. Raises Refused."""
    run_dir = data_dir / "run"
    try:
        return running_master.find(run_dir)
    except ServerElsewhere as error:
        raise Refused(
            f"The server that uses {run_dir} runs in another container or on another machine; "
            f"give this command there. {_UNCHANGED}"
        ) from error
    except PermissionError as error:
        raise Refused(f"The server that uses {run_dir} is another user's; be that user. {_UNCHANGED}") from error
    except OSError as error:
        raise Refused(f"{run_dir} cannot be read ({error}). {_UNCHANGED}") from error


def nobody(server: Master) -> str:
    return f"No server runs with DATA_DIR={server.run_dir.parent}"


def in_environment(server: Master) -> bool:
    """Whether the environment that counts says which mode it is: `.env` is then not asked."""
    return FLAG in server.environ


def _flag(mode: Mode) -> str:
    return "true" if mode is ASYNC else "false"


def _mode(settings: Settings) -> Mode:
    return ASYNC if settings.use_async_agent else SYNC


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One switch at a time in a tree. Its folder is what is locked: nothing to make, and nothing left behind."""
    handle = os.open(ENV_FILE.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Refused(f"Another `flask mode` is at work here; wait for its end. {_UNCHANGED}") from error
    finally:
        os.close(handle)


def _environment_must_allow(target: Mode, server: Master) -> None:
    if not in_environment(server):
        return
    value = server.environ[FLAG]
    try:
        allowed = _mode(load({FLAG: value}, Path(os.devnull))) is target
    except SettingError:
        allowed = False
    if not allowed:
        whose = f"the server (process {server.pid}) was started with" if server.pid else "this environment has"
        raise Refused(
            f"{whose[0].upper()}{whose[1:]} {FLAG}={value} in its environment, which wins over .env; "
            f"take it out there and start the server anew. {_UNCHANGED}"
        )


def _is_so(target: Mode, server: Master) -> bool:
    """Whether the settings say so, and the workers that came last are so."""
    try:
        written = _mode(load(server.environ))
    except SettingError:
        return False
    if written is not target or not server.pid:
        return written is target
    newest = max(Peers(server.run_dir).reports(), key=lambda report: str(report.get("started_at")), default={})
    return newest.get("mode") == target.name


def _try_out(target: Mode, server: Master) -> int:
    """How many workers would start. Raises Refused."""
    environ = server.environ | {FLAG: _flag(target)}
    outcome = trial.attempt(server.python, server.arguments, environ, server.folder)
    if outcome.failure:
        raise Refused(f"The server would not start as {target.name} ({outcome.failure}). {_UNCHANGED}")
    if outcome.mode != target.name:
        given = " ".join(server.arguments)
        raise Refused(
            f"The server would start as {outcome.mode} all the same, since its command line ({given}) "
            f"or GUNICORN_CMD_ARGS chooses the workers. {_UNCHANGED}"
        )
    return outcome.workers


class _Change:
    """`.env` with the flag set, and what it was before. Raises Refused when it cannot be written."""

    def __init__(self, target: Mode) -> None:
        try:
            self._before = env_file.read(ENV_FILE)
            self._written = env_file.with_setting(self._before or b"", FLAG, _flag(target))
            if self._before is None or self._written != self._before:
                env_file.write(ENV_FILE, self._written)
        except OSError as error:
            raise Refused(f"{ENV_FILE} cannot be written ({error.strerror}). {_UNCHANGED}") from error

    def undo(self) -> str:
        """Put back what was there; returns what has become of it."""
        try:
            if env_file.read(ENV_FILE) != self._written:
                return f"{ENV_FILE} was changed by somebody else meanwhile and is left so"
            env_file.write(ENV_FILE, self._before)
        except OSError as error:
            return f"{ENV_FILE} could not be put back ({error.strerror})"
        return f"{ENV_FILE} is as it was"


def _reload(target: Mode, server: Master, workers: int, change: _Change, say: Say) -> None:
    peers = Peers(server.run_dir)
    old = _identities(peers)
    patience_s = _NEW_WORKERS_S
    if len(old) > 2 * workers:  # then its master waits: see config/server/master.py
        say("The server still finishes the answers of earlier reloads; this one follows.")
        patience_s += load(server.environ).grace_s
    try:
        server.reload()
        _wait(target, server, workers, old, time.monotonic() + patience_s)
    except (OSError, TimeoutError) as error:
        raise Refused(_undone(target, server, change, error)) from error
    left = len(_identities(peers) & old)
    ends = f"; {left} from before finish their answers and end" if left else ""
    say(f"{target.name.capitalize()}: {workers} {target.worker_class} workers answer{ends}.")


def _wait(target: Mode, server: Master, workers: int, old: set[tuple[int, str]], deadline: float) -> None:
    """Until so many new workers of the mode report. Raises ProcessLookupError, TimeoutError."""
    peers = Peers(server.run_dir)
    while len(_identities(peers, target) - old) < workers:
        if not server.alive:
            raise ProcessLookupError
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(_LOOK_EVERY_S)


def _identities(peers: Peers, mode: Mode | None = None) -> set[tuple[int, str]]:
    """The workers that report, of one mode or of any: number and start, since numbers come again."""
    reports: list[dict[str, Any]] = [report for report in peers.reports() if not report["stale"]]
    return {
        (report["pid"], str(report.get("started_at")))
        for report in reports
        if mode is None or report.get("mode") == mode.name
    }


def _undone(target: Mode, server: Master, change: _Change, error: Exception) -> str:
    became = change.undo()
    if isinstance(error, PermissionError):
        return f"The server (process {server.pid}) is another user's; be that user. {became}."
    with contextlib.suppress(OSError):
        if isinstance(error, TimeoutError):
            server.reload()
            return (
                f"No {target.name} workers came in time. {became}, and the server was told to reload it; "
                "its console may say why."
            )
    return f"The server has ended. {became}; the server's console says why, and it must be started again."
