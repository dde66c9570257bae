"""The installation that the doctor checks: its files, settings, environment and running server."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.paths import ROOT
from config.server import pid_file
from config.server.reload.running_master import environment
from config.server.worker_reports import WorkerReports
from config.settings import ENV_FILE, SettingError, Settings, load

if TYPE_CHECKING:
    from chat.store import Store


class NotAvailable(Exception):
    """Something that a check needs is not there, which another check reports. The message says what."""


@dataclass(kw_only=True)
class Installation:
    """Everything that the checks read. Tests pass other values.

    `public_url` is the address at which users reach the server, "" if it was not given.
    """

    root: Path = ROOT
    env_file: Path = ENV_FILE
    environ: Mapping[str, str] = field(default_factory=environment, repr=False)
    public_url: str = ""
    # Answers that several checks look at.
    answers: dict[str, Any] = field(default_factory=dict, repr=False)
    cpus: int = field(default_factory=lambda: os.cpu_count() or 1)
    open_files: Callable[[], tuple[int, int]] | None = None
    clock_synchronized: Callable[[], bool | None] | None = None
    file_system: Callable[[Path], str] | None = None
    fsync_s: Callable[[Path], float] | None = None
    free_bytes: Callable[[Path], int] | None = None
    # The clock of measured durations, in seconds.
    timer: Callable[[], float] = time.perf_counter

    @functools.cached_property
    def loaded(self) -> Settings | SettingError:
        """The settings, or the error that would stop the start."""
        try:
            return load(self.environ, self.env_file)
        except SettingError as error:
            return error

    @property
    def settings(self) -> Settings:
        """Return the settings. Raises NotAvailable if they are invalid."""
        if isinstance(self.loaded, SettingError):
            raise NotAvailable("the settings are invalid")
        return self.loaded

    @functools.cached_property
    def store(self) -> Store:
        """The database. Nothing is opened or created before its first use."""
        from chat.store import Store, engine_for  # noqa: PLC0415 - its packages may be missing

        return Store(engine_for(self.settings.database_url, ROOT, self.settings.secret_key))

    @functools.cached_property
    def reports(self) -> list[dict[str, Any]]:
        """The reports of the running workers."""
        return WorkerReports(self.settings.data_dir / "run").all()

    @functools.cached_property
    def master(self) -> int:
        """The process id of the running server. Raises NotAvailable if none runs with this DATA_DIR."""
        run_dir = self.settings.data_dir / "run"
        try:
            pid = pid_file.master(run_dir)
        except pid_file.ServerElsewhere:
            raise NotAvailable("the server runs in another container or on another machine") from None
        except OSError as error:
            raise NotAvailable(f"{run_dir} cannot be read ({error.strerror})") from None
        if pid is None:
            raise NotAvailable("no server runs with this DATA_DIR")
        return pid

    @property
    def exposed(self) -> bool:
        """Return whether other machines can reach the server, directly or through a proxy."""
        from chat.web.request_checks import is_loopback_name  # noqa: PLC0415 - its packages may be missing

        settings = self.settings
        own = settings.host == "localhost" or is_loopback_name(settings.host)
        return not own or bool(settings.allowed_hosts or settings.base_path or self.public_url)

    def close(self) -> None:
        """Close the database, if a check has opened it."""
        if "store" in self.__dict__:
            self.store.close()
