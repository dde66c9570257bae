"""The written and the running mode of a server, in sentences."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from config.mode import FLAG, chosen
from config.server.reload import running_master
from config.server.reload.refusal import UNCHANGED, SwitchRefused
from config.server.reload.running_master import RunningMaster
from config.server.worker_reports import WorkerReports
from config.settings import ENV_FILE, SettingError, load


def describe() -> list[str]:
    """Return a line on the mode of the next start or reload, and a line on the running workers."""
    environ = running_master.environment()
    try:
        data_dir = load(environ).data_dir
    except SettingError:  # `_written` reports the error; DATA_DIR alone is enough to find the server
        data_dir = load({name: environ[name] for name in environ if name == "DATA_DIR"}, Path(os.devnull)).data_dir
    try:
        master = running_master.find(data_dir)
        running = _running(master)
    except SwitchRefused as error:
        master, running = RunningMaster(data_dir, environ), str(error).removesuffix(f" {UNCHANGED}")
    return [f"Written: {_written(master)}", f"Running: {running}"]


def _written(master: RunningMaster) -> str:
    """Return the mode of the next start or reload, and the source of the setting."""
    try:
        name = chosen(load(master.environ)).name
    except SettingError as error:
        return str(error)
    if FLAG in master.environ:
        return f"{name} ({FLAG}={master.environ[FLAG]} in the environment, which wins over {ENV_FILE})."
    return f"{name} ({ENV_FILE})." if ENV_FILE.exists() else f"{name} (the default; there is no {ENV_FILE})."


def _running(master: RunningMaster) -> str:
    if not master.pid:
        return f"no server with DATA_DIR={master.run_dir.parent}."
    counts = Counter(str(report.get("mode")) for report in WorkerReports(master.run_dir).all())
    workers = " and ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "no"
    noun = "worker" if counts.total() == 1 else "workers"
    return f"process {master.pid} with {workers} {noun}."
