"""gunicorn's configuration, read by its master at every start and every reload.

It reads the settings only and never imports the application: gevent patches the worker, after this file is read and
before the application is loaded, and a patched master could not start gthread workers. So there is no preloading.
"""

import logging
import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - gunicorn may have been started by any Python
    sys.exit(
        f"parley: Parley needs Python 3.11 or later, and this is {sys.version.split()[0]}; start it by ./scripts/serve."
    )
if sys.flags.optimize >= 2:
    sys.exit(
        "parley: PYTHONOPTIMIZE=2 leaves out the docstrings, which describe the tools to the model; unset it, or set 1."
    )
try:
    from config import current_settings
    from config.server import (
        address,
        capacity,
        hardening,
        metric_rows,
        orphan,
        pid_file,
        shared_document,
        shutdown,
        shutdown_clock,
        start_status,
    )  # fmt: skip
    from config.server.access_log import AccessLog
    from config.server.master import Master
    from config.server.start_errors import CannotStart
    from config.settings import ENV_FILE, SettingError
except ModuleNotFoundError as missing:
    sys.exit(
        f"parley: the package {missing.name} is missing; start it by ./scripts/serve, which installs what it needs."
    )
except SyntaxError as error:
    sys.exit(f"parley: {error.filename}, line {error.lineno} cannot be read ({error.msg}).")
except (OSError, MemoryError) as error:  # the workers' counters need 32 MB of address space
    from config.server.start_errors import explain

    sys.exit(f"parley: {explain(error)}.")

hardening.harden()
try:
    settings = current_settings.CURRENT.read()
except SettingError as error:
    sys.exit(f"parley: {error}")

wsgi_app = "wsgi:app"
bind = f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}"
workers = settings.web_concurrency
worker_connections = settings.worker_connections
proc_name = "parley"

if settings.use_async_agent:
    worker_class = "gevent"
    keepalive = 5
else:
    worker_class = "gthread"
    threads = settings.threads
    keepalive = 0

# The grace period of a worker for its turns, and time to commit those that it interrupts.
graceful_timeout = int(settings.grace_s) + 10
# A worker whose loop is blocked for this long is killed. A worker without connections that waits for turns without
# followers does not notify the master either, so the timeout is longer than the grace period.
timeout = graceful_timeout + 20
# Restarting a worker after a number of requests would cut its streams.
max_requests = 0

# One socket for all servers of a user, and not needed here.
control_socket_disable = True

# It would wait for slow clients outside our time limits.
sendfile = False

# None, because such headers would change the path that the application sees.
forwarder_headers = ""

logger_class = AccessLog
accesslog = str(settings.log_dir / "access.log")
errorlog = "-"
# gunicorn's own DEBUG lines have the whole path of each request, also that of a shared chat.
loglevel = max(settings.log_level, "INFO", key=logging.getLevelName).lower()
# The path has no query. The duration of a stream lasts until its end.
if settings.log_format == "json":
    access_log_format = (
        '{"at":"%(t)s","host":"%(h)s","method":"%(m)s","path":"%(U)s","status":%(s)s,'
        '"bytes":%(B)s,"duration_s":%(L)s,"pid":"%(p)s","agent":"%(a)s","request":"%(i)s"}'
    )
else:
    access_log_format = '%(t)s %(h)s "%(m)s %(U)s %(H)s" %(s)s %(B)sB %(L)ss %(p)s "%(a)s" %(i)s'


def on_starting(server):
    """Install our master, and exit with a sentence if the server cannot listen on its address."""
    Master.install(server)
    if "GUNICORN_FD" in os.environ or "LISTEN_FDS" in os.environ:
        return
    if sentence := address.listen_error_after_orphans(server.address, settings.data_dir / "run"):
        sys.exit(f"parley: {sentence}")


def when_ready(server):
    """Write the pid file, and log the address and warnings, once the server listens."""
    _write_pid_file(server)
    shutdown.announce_before_stop(server, settings.notice_s)
    for warning in current_settings.CURRENT.warnings():
        server.log.warning("parley: %s", warning)
    if sentence := hardening.exposure_warning(ENV_FILE):
        server.log.warning("%s", sentence)
    server.log.info("Parley answers at http://%s with %s %s workers", bind, workers, worker_class)


def on_reload(server):
    """Apply changes of DATA_DIR and NOTICE_S, and forget what the models do not support: they may have changed."""
    shared_document.MODELS.clear()
    _write_pid_file(server)
    shutdown.announce_before_stop(server, settings.notice_s)


def _write_pid_file(server):
    try:
        pid_file.OWN.acquire(settings.data_dir / "run")
    except OSError as error:
        server.log.warning("`flask mode` cannot find this server (%s)", error)


def pre_fork(server, worker):
    """Give the worker its shared start status and its row in the table of free thread slots."""
    server.prepare_worker(worker)
    capacity.assign_row(server, worker)


def post_fork(server, worker):
    """Close the inherited pid file, take the row of counters, and watch the master and the start of this worker."""
    pid_file.OWN.close()
    metric_rows.use(worker.capacity_row)
    orphan.signal_on_master_death()
    shutdown_clock.use_monotonic_clock()
    worker.init_process = start_status.record_failure(worker, worker.start_status, worker.init_process)


def on_exit(server):
    """Remove the pid file, since the process id may be reused."""
    pid_file.OWN.release()


def post_worker_init(worker):
    """Start the services of this worker before its first request."""
    from chat.errors import ParleyError
    from chat.runtime import accept, gc_policy, http, mode, refusals
    from chat.runtime.looks import stacks
    from chat.web.pages.page_files import serving

    try:
        mode.disable_spawn_tree()
        refusals.install()
        if settings.use_async_agent and settings.http_front == "lean":
            from chat.runtime import http_fast_path

            http_fast_path.install()
        parley = worker.app.callable.extensions["parley"]
        serving.prepare(worker.app.callable)
        parley.start()
        parley.drain_when(lambda: not worker.alive)
        http.limit_buffers(worker.sockets)
        http.serve_within_bounds(worker, settings.request_timeout_s, parley.request_kind)
        accept.accept_patiently(worker)
        stacks.remember_greenlets()
        gc_policy.collect_rarely()
        parley.block_watch.start()  # last, because starting a worker blocks its loop
    except ParleyError as error:
        raise CannotStart(str(error)) from error
    orphan.shut_down_when_orphaned(worker)
    worker.start_status.succeed()


def worker_int(worker):
    """Handle INT and QUIT: stop at once."""
    app = worker.app.callable
    if app is not None:
        app.extensions["parley"].end_grace()


def worker_exit(server, worker):
    """Let the turns of this worker end, or commit their partial answers, before it exits."""
    app = worker.app.callable
    if app is not None:
        app.extensions["parley"].stop()
