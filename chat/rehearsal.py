"""A start without serving: `python -m chat.rehearsal`, with gunicorn's own arguments behind it.

Goes the way a worker goes, in the same order: the configuration file through gunicorn's own loader, the worker
class, its patching, the application; then looks whether the database and the folders can be used, without making
or changing anything in them. Succeeds with a line of JSON, `{"mode", "workers"}`; fails with the cause on the
last line of stderr. Who starts it and reads that: `config/trial.py`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from gunicorn.app.wsgiapp import WSGIApplication

from config.settings import Settings

if TYPE_CHECKING:
    from chat.store import Store


def main() -> None:
    server = WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn")
    _patch(server)
    parley = server.wsgi().extensions["parley"]
    _look_at_folders(parley.settings)
    _look_at_database(parley.store)

    from chat.runtime import mode  # noqa: PLC0415 - nothing of the application is imported before the patching

    sys.stdout.write("\n" + json.dumps({"mode": mode.current().name, "workers": server.cfg.workers}) + "\n")
    sys.stdout.flush()


def _patch(server: WSGIApplication) -> None:
    """What the worker class does to its process before it loads the application."""
    worker_class = server.cfg.worker_class
    if hasattr(worker_class, "patch"):
        worker_class(0, os.getppid(), [], server, server.cfg.timeout, server.cfg, None).patch()


def _look_at_folders(settings: Settings) -> None:
    try:
        _could_make(settings.data_dir / "run")
    except OSError as error:
        sys.exit(f"DATA_DIR is {str(settings.data_dir)!r}, but takes a folder that this user may write to ({error}).")


def _look_at_database(store: Store) -> None:
    from chat.errors import StoreUnavailable  # noqa: PLC0415 - as above
    from chat.store.database import explain_unopenable  # noqa: PLC0415

    path = store.database.path
    try:
        if not path.exists():
            _could_make(path)
        elif not os.access(path, os.W_OK):
            raise PermissionError(f"{path} may only be read")
        else:
            store.ping()
    except (StoreUnavailable, OSError) as error:
        sys.exit(explain_unopenable(path, error))


def _could_make(path: Path) -> None:
    """Raise OSError unless this user could make `path`, or something in the folder that it is."""
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    # By trying it, with a file that has no name: to root, permissions say nothing.
    tempfile.TemporaryFile(dir=there).close()


if __name__ == "__main__":
    status = 0
    try:
        main()
    except SystemExit as refusal:
        status = refusal.code if isinstance(refusal.code, int) and refusal.code else 1
        if isinstance(refusal.code, str):
            sys.stderr.write(f"\n{refusal.code}\n")
    except BaseException:  # noqa: BLE001 - whatever an application raises while it is imported
        status = 1
        traceback.print_exc()
    sys.stderr.flush()
    # Not the interpreter's own end, which would wait for threads that the application may have started.
    os._exit(status)
