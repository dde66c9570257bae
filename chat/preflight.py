"""Start of a worker without serving: `python -m chat.preflight ARGUMENTS`, with gunicorn's own arguments.

Runs the same steps as a worker, in the same order: the configuration file through gunicorn's own loader, the worker
class, its patching, the application. Then checks that the database and the folders are usable, without creating or
changing anything. On success prints a line of JSON, `{"mode", "workers"}`; on failure the last line of stderr is the
cause. `config/server/preflight.py` starts this process and reads its output.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import TYPE_CHECKING

from gunicorn.app.wsgiapp import WSGIApplication

from config.settings import Settings

if TYPE_CHECKING:
    from chat.store import Store


def main() -> None:
    server = WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn")
    _patch(server)
    services = server.wsgi().extensions["parley"]
    _check_folders(services.settings)
    _check_database(services.store)

    from chat.runtime import mode  # noqa: PLC0415 - nothing of the application is imported before the patching

    sys.stdout.write("\n" + json.dumps({"mode": mode.current().name, "workers": server.cfg.workers}) + "\n")
    sys.stdout.flush()


def _patch(server: WSGIApplication) -> None:
    """Patch the standard library as the worker class does before it loads the application."""
    worker_class = server.cfg.worker_class
    if hasattr(worker_class, "patch"):
        worker_class(0, os.getppid(), [], server, server.cfg.timeout, server.cfg, None).patch()


def _check_folders(settings: Settings) -> None:
    from chat.runtime.folders import check_can_create  # noqa: PLC0415 - as above

    try:
        check_can_create(settings.data_dir / "run")
    except OSError as error:
        sys.exit(f"DATA_DIR is {str(settings.data_dir)!r}, but takes a folder that this user may write to ({error}).")


def _check_database(store: Store) -> None:
    from chat.errors import StoreUnavailable  # noqa: PLC0415 - as above

    try:
        store.check_usable()
    except (StoreUnavailable, OSError) as error:
        sys.exit(store.explain_unopenable(error))


if __name__ == "__main__":
    status = 0
    try:
        main()
    except SystemExit as refusal:
        status = refusal.code if isinstance(refusal.code, int) and refusal.code else 1
        if isinstance(refusal.code, str):
            sys.stderr.write(f"\n{refusal.code}\n")
    except BaseException:  # noqa: BLE001 - an import may raise anything
        status = 1
        traceback.print_exc()
    sys.stderr.flush()
    # `sys.exit` would wait for threads that the application may have started.
    os._exit(status)
