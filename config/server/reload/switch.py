"""Change of a server's worker class: preflight, write `.env`, reload, wait for the new workers.

A step that fails is undone and reported in one sentence. The command is in `chat/commands/mode.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from config.mode import FLAG, Mode, chosen
from config.server.reload import preflight, running_master
from config.server.reload.env_change import EnvChange
from config.server.reload.new_workers import NewWorkers, newest_mode, servers
from config.server.reload.refusal import UNCHANGED, SwitchRefused
from config.server.reload.running_master import RunningMaster
from config.settings import ENV_FILE, SettingError, load

# On a busy machine the preflight of the reload alone takes ten seconds.
_NEW_WORKERS_S = 60.0

Echo = Callable[[str], object]


def switch(target: Mode, echo: Echo) -> None:
    """Switch the running server, or `.env` alone where none runs, to `target`. Raises SwitchRefused."""
    with _switch_lock():
        master = _find_master(target)
        _must_be_the_only_server(master)
        _environment_must_allow(target, master)
        if _is_current(target, master):
            echo(f"Already {target.name}; nothing to do.")
            return
        workers = _preflight(target, master)
        change = EnvChange(ENV_FILE, FLAG, target.flag)
        if master.pid:
            new = NewWorkers(master)
            must_wait = new.old > 2 * workers  # the master then delays the reload: see config/server/master.py
            if must_wait:
                echo("The server still finishes the answers of earlier reloads; this one follows.")
            try:
                change.apply()
                outcome = _reload(target, master, workers, new, must_wait)
            except (OSError, KeyboardInterrupt) as error:
                raise SwitchRefused(_undo(target, master, change, error)) from error
            echo(outcome)  # outside, because an output that cannot be written is no reason to undo
        else:
            change.apply()
            no_server = f"No server runs with DATA_DIR={master.run_dir.parent}"
            echo(f"{ENV_FILE} says {FLAG}={target.flag}. {no_server}: the next start will be {target.name}.")


@contextlib.contextmanager
def _switch_lock() -> Iterator[None]:
    """Allow one switch at a time in a source tree. Raises SwitchRefused."""
    # The folder itself is locked, so that no lock file is created or left behind.
    handle = os.open(ENV_FILE.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise SwitchRefused(f"Another `flask mode` is at work here; wait for its end. {UNCHANGED}") from error
    finally:
        os.close(handle)


def _find_master(target: Mode) -> RunningMaster:
    # The target overrides `.env`, so that an invalid value that the switch will replace does not prevent it.
    try:
        settings = load(running_master.environment() | {FLAG: target.flag})
    except SettingError as error:
        raise SwitchRefused(f"{error} {UNCHANGED}") from error
    return running_master.find(settings.data_dir)


def _must_be_the_only_server(master: RunningMaster) -> None:
    """Raise SwitchRefused if several servers share DATA_DIR: only one of their masters can be found."""
    names = servers(master)
    if len(names) > 1:
        raise SwitchRefused(
            f"{len(names)} servers use {master.run_dir.parent} ({', '.join(sorted(names))}), but this command reloads "
            f"only one: change {FLAG} in {ENV_FILE} and restart them in turn. {UNCHANGED}"
        )


def _environment_must_allow(target: Mode, master: RunningMaster) -> None:
    value = master.environ.get(FLAG)
    if value is None:
        return
    try:
        allowed = chosen(load({FLAG: value}, Path(os.devnull))) is target
    except SettingError:
        allowed = False
    if not allowed:
        whose = f"The server (process {master.pid}) was started with" if master.pid else "This environment has"
        raise SwitchRefused(
            f"{whose} {FLAG}={value} in its environment, which wins over .env; "
            f"remove it there and restart the server. {UNCHANGED}"
        )


def _is_current(target: Mode, master: RunningMaster) -> bool:
    """Return whether the settings and the newest workers have the mode already."""
    try:
        written = chosen(load(master.environ))
    except SettingError:
        return False
    return written is target and (not master.pid or newest_mode(master) == target.name)


def _preflight(target: Mode, master: RunningMaster) -> int:
    """Return the number of workers that would start. Raises SwitchRefused if the server would not start so."""
    environ = master.environ | {FLAG: target.flag}
    outcome = preflight.check(master.python, master.arguments, environ, master.folder)
    if outcome.failure:
        raise SwitchRefused(f"The server would not start as {target.name} ({outcome.failure}). {UNCHANGED}")
    if outcome.mode != target.name:
        arguments = " ".join(master.arguments)
        raise SwitchRefused(
            f"The server would still start as {outcome.mode}, because its command line ({arguments}) "
            f"or GUNICORN_CMD_ARGS chooses the workers. {UNCHANGED}"
        )
    return outcome.workers


def _reload(target: Mode, master: RunningMaster, workers: int, new: NewWorkers, must_wait: bool) -> str:
    """Reload the server, wait for the new workers and return a sentence about them.

    Raises OSError: ProcessLookupError, TimeoutError, ….
    """
    timeout_s = _NEW_WORKERS_S + (load(master.environ).grace_s if must_wait else 0)
    master.reload()
    new.wait(workers, target, timeout_s)
    answer = "worker answers" if workers == 1 else "workers answer"
    left = new.old_left
    ends = "finishes its answers and ends" if left == 1 else "finish their answers and end"
    others = f"; {left} from before {ends}" if left else ""
    return f"{target.name.capitalize()}: {workers} {target.worker_class} {answer}{others}."


def _undo(target: Mode, master: RunningMaster, change: EnvChange, error: BaseException) -> str:
    outcome = change.undo()
    if isinstance(error, PermissionError):
        return f"The server (process {master.pid}) belongs to another user; run the command as that user. {outcome}."
    with contextlib.suppress(OSError):
        if isinstance(error, (TimeoutError, KeyboardInterrupt)):
            master.reload()
            sentence = f"{outcome}, and the server was told to reload it"
            if isinstance(error, KeyboardInterrupt):
                return f"Interrupted. {sentence}."
            return f"No {target.name} workers started in time. {sentence}; its console may say why."
    return f"The server has ended. {outcome}; the server's console says why, and it must be started again."
