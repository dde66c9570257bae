"""Checks of the running server, by its files in `DATA_DIR/run` and by a request."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from pathlib import Path

from chat.commands.doctor.findings import Checks, Finding, failed, passed, warned
from chat.commands.doctor.installation import Installation, NotAvailable
from config.mode import chosen

check = Checks()

_TIMEOUT_S = 5.0
_TAIL_BYTES = 200_000
_LARGE_LOG = 1 << 30
_HIGH_LAG_MS = 250.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on


@check("PAR030", "server")
def server(installation: Installation) -> Finding:
    """Check that the running server answers where the settings say."""
    settings, pid = installation.settings, installation.master
    host = _ANY.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", f"{settings.base_path}/healthz", headers={"Connection": "close"})
        response = connection.getresponse()
        ours = response.status == 200 and json.loads(response.read(1000)) == {"status": "ok"}
    except (OSError, http.client.HTTPException, ValueError):
        ours = False
    finally:
        connection.close()
    where = f"http://{host}:{settings.port}"
    if not ours:
        return failed(
            f"Process {pid} runs, but {where}/healthz does not answer as it should.",
            "Look at the console of the server; restart it if HOST, PORT or BASE_PATH were changed.",
        )
    return passed(f"Process {pid} answers at {where}.")


@check("PAR031", "mode")
def mode(installation: Installation) -> Finding:
    """Check that the running workers have the mode that the settings choose."""
    pid, wanted = installation.master, chosen(installation.settings).name
    modes = Counter(str(report.get("mode")) for report in installation.reports)
    if not modes:
        raise NotAvailable(f"no worker of process {pid} has reported yet")
    if set(modes) != {wanted}:
        running = " and ".join(f"{count} {name}" for name, count in sorted(modes.items()))
        return failed(
            f"The settings choose {wanted}, but these workers run: {running}.",
            f"flask --app wsgi mode {wanted}, or restart the server.",
        )
    return passed(f"Workers run as the settings choose: {modes[wanted]} {wanted}.")


@check("PAR032", "worker reports")
def reports(installation: Installation) -> Finding:
    """Check that all workers report and that their loops turn."""
    pid, wanted = installation.master, installation.settings.web_concurrency
    stale = [report.get("pid") for report in installation.reports if report.get("stale")]
    if stale:
        return failed(
            f"Worker {stale[0]} has not reported for five seconds: it hangs or is stopped.",
            f"kill -9 {stale[0]}: another one takes its place, and its turns are marked as interrupted.",
        )
    count = len(installation.reports)
    if count < wanted:
        return warned(
            f"{count} of {wanted} workers of process {pid} report.", "Wait, or look at the console for their errors."
        )
    lag = max(float(report.get("loop_lag_ms") or 0) for report in installation.reports)
    if lag > _HIGH_LAG_MS:
        return warned(
            f"The loop of a worker was late by {lag:.0f} ms in the last seconds.",
            "Look at the blocks in /metrics and app.log, and at the load of the machine.",
        )
    return passed(f"Workers that report: {count}.")


@check("PAR033", "app.log")
def app_log(installation: Installation) -> Finding:
    """Check that the last turn in the log was answered in the mode that the settings choose."""
    settings = installation.settings
    pid = installation.master
    path = settings.log_dir / "app.log"
    wanted = chosen(settings).name.upper()
    lines = [line for line in _tail(path).splitlines() if " agent for conversation " in line]
    if not lines:
        raise NotAvailable(f"{path} has no turn of process {pid} yet")
    if f"Using {wanted} agent" not in lines[-1]:
        return warned(
            f"The last turn in {path} was not answered by the {wanted} agent.",
            "Ask a question and look again; if it stays so, restart the server.",
        )
    return passed(f"The last turn in {path} was answered by the {wanted} agent.")


@check("PAR034", "log sizes")
def log_sizes(installation: Installation) -> Finding:
    """Check that the logs are rotated."""
    paths = [installation.settings.log_dir / name for name in ("app.log", "access.log")]
    large = [path for path in paths if path.exists() and path.stat().st_size > _LARGE_LOG]
    if large:
        return warned(
            f"{large[0]} has more than a gigabyte.", "Rotate the logs: docs/operations.md has a file for logrotate."
        )
    return passed("The logs have less than a gigabyte each.")


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            return file.read(_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
