"""Checks of the machine: open files, disks, clock."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

from chat.commands.doctor.findings import Checks, Finding, failed, passed, skipped, warned
from chat.commands.doctor.installation import Installation
from config.server import descriptors
from config.setting_values import is_postgresql

check = Checks()

_LEAST_FREE, _LITTLE_FREE = 100 << 20, 1 << 30
_SLOW_FSYNC_S = 0.1
_NETWORK = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "glusterfs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.s3fs",
    )
)
_VOLATILE = frozenset(("tmpfs", "ramfs"))
_UNSYNCHRONIZED = 5
_TIMEX_BYTES = 512


@check("PAR040", "open files")
def open_files(installation: Installation) -> Finding:
    """Check that the limit on open files allows the configured connections."""
    settings = installation.settings
    _, hard = (installation.open_files or _limits)()
    fitted = descriptors.fitted(settings, hard)
    if fitted != settings:
        return failed(
            f"{hard} open files are allowed: at most {fitted.worker_connections} of {settings.worker_connections} "
            f"connections and {fitted.active_turns_limit} turns at once a worker.",
            "Raise the limit: ulimit -n 65536, LimitNOFILE=65536 in systemd, --ulimit nofile=65536:65536 in Docker.",
        )
    return passed(f"{hard} open files are allowed, enough for {settings.worker_connections} connections a worker.")


@check("PAR041", "free space")
def free_space(installation: Installation) -> Finding:
    """Check the free space where the database, the data and the logs are."""
    free = {path: (installation.free_bytes or _free)(path) for path in _folders(installation)}
    path = min(free, key=lambda each: free[each])
    amount = f"{free[path] / (1 << 20):,.0f} MB are free at {path}."
    if free[path] < _LEAST_FREE:
        return failed(amount, "Free disk space: with a full disk, new messages are refused.")
    if free[path] < _LITTLE_FREE:
        return warned(amount, "Free disk space soon: with a full disk, new messages are refused.")
    return passed(amount)


@check("PAR042", "file system")
def file_system(installation: Installation) -> Finding:
    """Check that SQLite's file is on a disk of this machine."""
    if is_postgresql(installation.settings.database_url):
        return skipped("PostgreSQL keeps the data.")
    folder = _existing(Path(installation.store.engine.location).parent)
    kind = (installation.file_system or _file_system)(folder)
    if not kind:
        return skipped("This system does not name the kind of the file system.")
    if kind in _NETWORK:
        return failed(
            f"The database is on a network file system ({kind}), whose locks SQLite cannot rely on.",
            "Move the database to a disk of this machine, or use PostgreSQL.",
        )
    if kind in _VOLATILE:
        return warned(
            f"The database is in memory ({kind}) and is lost when the machine stops.",
            "Move the database to a disk.",
        )
    return passed(f"The database is on {kind}.")


@check("PAR043", "disk speed")
def disk_speed(installation: Installation) -> Finding:
    """Measure how long the disk of the database takes to store a small file for good."""
    if is_postgresql(installation.settings.database_url):
        return skipped("PostgreSQL keeps the data.")
    folder = _existing(Path(installation.store.engine.location).parent)
    try:
        seconds = (installation.fsync_s or _fsync_s)(folder)
    except OSError as error:
        return failed(
            f"No file can be stored beside the database ({error.strerror}).",
            "Look at the rights of its folder, and at its disk.",
        )
    message = f"The disk takes {seconds * 1000:.1f} ms to store a small file (fsync, median of 5)."
    if seconds > _SLOW_FSYNC_S:
        return warned(message, "Use a faster disk for DATABASE_URL: each checkpoint and each new message waits for it.")
    return passed(message)


@check("PAR044", "clock")
def clock(installation: Installation) -> Finding:
    """Check that the system keeps its clock synchronized."""
    synchronized = (installation.clock_synchronized or _synchronized)()
    if synchronized is None:
        return skipped("This system does not say whether its clock is synchronized.")
    if not synchronized:
        return warned(
            "The clock of this machine is not synchronized.",
            "Run an NTP client, such as systemd-timesyncd or chrony.",
        )
    return passed("The clock is synchronized.")


def _folders(installation: Installation) -> list[Path]:
    settings = installation.settings
    folders = [settings.data_dir, settings.log_dir]
    if not is_postgresql(settings.database_url):
        folders.insert(0, Path(installation.store.engine.location).parent)
    return list(dict.fromkeys(map(_existing, folders)))


def _existing(path: Path) -> Path:
    """Return the path, or its nearest parent that exists."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())


def _limits() -> tuple[int, int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft, 1 << 30 if hard == resource.RLIM_INFINITY else hard


def _free(path: Path) -> int:
    return shutil.disk_usage(path).free


def _file_system(folder: Path) -> str:
    """Return the kind of the file system of a folder by /proc/mounts, "" if unknown."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    resolved = folder.resolve()
    kinds = {fields[1].replace(r"\040", " "): fields[2] for fields in (line.split(" ") for line in mounts)}
    return next((kinds[str(each)] for each in (resolved, *resolved.parents) if str(each) in kinds), "")


def _fsync_s(folder: Path) -> float:
    """Return the median of five times."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(5):
            file.write(b"x" * 4096)
            file.flush()
            began_at = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began_at)
    return sorted(times)[2]


def _synchronized() -> bool | None:
    """Return what the kernel's clock says, None if it cannot be asked."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _UNSYNCHRONIZED
