"""Process of a preflight: `python -m config.server.reload.preflight_process ARGUMENTS`, with gunicorn's own arguments.

Runs the same steps as a worker, in the same order, but serves nothing: the configuration file through gunicorn's own
loader, the worker class, its patching, the application. Then the application checks that it could start, without
creating or changing anything. On success prints a line of JSON, `{"mode", "workers"}`; on failure the last line of
stderr is the cause. `preflight.py` starts this process and reads its output.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

from gunicorn.app.wsgiapp import WSGIApplication

from config.server.start_errors import CannotStart


def main() -> None:
    server = WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn")
    _patch(server)
    mode = server.wsgi().extensions["parley"].preflight()
    sys.stdout.write("\n" + json.dumps({"mode": mode.name, "workers": server.cfg.workers}) + "\n")
    sys.stdout.flush()


def _patch(server: WSGIApplication) -> None:
    """Patch the standard library as the worker class does before it loads the application."""
    worker_class = server.cfg.worker_class
    if hasattr(worker_class, "patch"):
        worker_class(0, os.getppid(), [], server, server.cfg.timeout, server.cfg, None).patch()


if __name__ == "__main__":
    status = 0
    try:
        main()
    except SystemExit as refusal:
        status = refusal.code if isinstance(refusal.code, int) and refusal.code else 1
        if isinstance(refusal.code, str):
            sys.stderr.write(f"\n{refusal.code}\n")
    except CannotStart as refusal:
        status = 1
        sys.stderr.write(f"\n{refusal}\n")
    except BaseException:  # noqa: BLE001 - an import may raise anything
        status = 1
        traceback.print_exc()
    sys.stderr.flush()
    # `sys.exit` would wait for threads that the application may have started.
    os._exit(status)
