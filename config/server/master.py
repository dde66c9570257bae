"""gunicorn's master, changed so that failing workers do not end a server that has been ready.

Differences from gunicorn's own arbiter:

- A worker that cannot start is started again after a growing pause. If no worker has ever been ready, the server ends
  with one sentence.
- A reload begins with a preflight in another process. It never blocks: the master goes on replacing workers and
  handling signals. Old workers are told to end as new ones become ready. HUPs that arrive meanwhile become one reload.
- TERM ends the server within `graceful_timeout` and a few seconds, by the monotonic clock.

gunicorn has no setting for the class of its arbiter, so `on_starting` changes the class of the running one.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterable
from typing import Any

from gunicorn import sock
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from config.server import address
from config.server.reload.pending import PendingReload
from config.server.restart_backoff import RestartBackoff
from config.server.start_status import FAILED, StartStatus

_LOOK_EVERY_S = 0.1
_REPEAT_SIGNAL_S = 0.5
# A worker that is still starting has no turns to wait for.
_START_ENDS_S = 5.0
# Longer than a worker takes to interrupt its turns and commit them.
_QUICK_SHUTDOWN_S = 8.0
_OTHER_WORKERS = {0: "no worker is left meanwhile", 1: "1 other goes on"}


class Master(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """Arbiter whose workers have `start_status`, `generation` (number of reloads before them) and `leaving`."""

    LISTENERS: list[Any]
    backoff: RestartBackoff
    generation: int
    pending_reload: PendingReload
    _stopping: bool

    @classmethod
    def install(cls, arbiter: Arbiter) -> None:
        """Change the class of gunicorn's arbiter to Master. Call it before the arbiter forks."""
        arbiter.__class__ = cls
        arbiter.backoff = RestartBackoff()
        arbiter.generation = 0
        arbiter.pending_reload = PendingReload()
        arbiter._stopping = False

    def prepare_worker(self, worker: Any) -> None:
        """Set the attributes of a worker that is about to be forked (`pre_fork`)."""
        worker.start_status = StartStatus()
        worker.generation = self.generation
        worker.leaving = worker.counted_ready = False

    # Workers

    def manage_workers(self) -> None:
        """Start missing workers, end surplus ones, continue a reload. Never blocks."""
        self._note_ready(self.WORKERS.values())
        self._advance_reload()
        current = [worker for worker in self._staying() if worker.generation == self.generation]
        starting = sum(not worker.start_status.ready for worker in current)
        for _ in range(self.backoff.allowed(self.num_workers - len(current), starting)):
            self.spawn_worker()
        ready = [worker for worker in self._staying() if worker.start_status.ready]
        for worker in ready[: max(0, len(ready) - self.num_workers)]:  # oldest first: those from before a reload
            self.kill_worker(worker.pid, signal.SIGTERM)

    def kill_worker(self, pid: int, sig: int) -> None:
        if sig != signal.SIGUSR1 and pid in self.WORKERS:
            self.WORKERS[pid].leaving = True
        super().kill_worker(pid, sig)

    def reap_workers(self) -> None:
        """Reap workers that have ended. Raises HaltServer if one could not start and none has ever been ready."""
        self.pending_reload.poll()
        before = dict(self.WORKERS)
        while True:
            try:
                super().reap_workers()
                break
            except HaltServer:  # gunicorn's reaction to a worker that could not start; ours follows
                continue
        reaped = [worker for pid, worker in before.items() if pid not in self.WORKERS]
        self._note_ready([*reaped, *self.WORKERS.values()])
        for worker in reaped:
            worker.tmp.close()
            if not worker.start_status.ready and not worker.leaving and not self._stopping:
                self._failed_to_start(worker)

    def wait_for_signals(self, timeout: float = 1.0) -> list[int]:
        """Return sooner while a worker is starting or a preflight is running, because their ends send no signal."""
        busy = self.pending_reload.in_preflight or any(
            not worker.start_status.ready for worker in self.WORKERS.values()
        )
        signals: list[int] = super().wait_for_signals(_LOOK_EVERY_S if busy else timeout)
        return signals

    def _staying(self) -> list[Any]:
        """Return the workers that were not told to end, the oldest first."""
        return sorted((worker for worker in self.WORKERS.values() if not worker.leaving), key=lambda each: each.age)

    def _note_ready(self, workers: Iterable[Any]) -> None:
        for worker in workers:
            if worker.start_status.ready and not worker.counted_ready:
                worker.counted_ready = True
                self.backoff.succeeded()

    def _failed_to_start(self, worker: Any) -> None:
        reason = worker.start_status.failure or "it was ended before it was ready"
        if not self.backoff.ever_ready:
            sys.stderr.write(f"parley: {reason}.\n")
            sys.stderr.flush()
            raise HaltServer("The first worker could not start.", FAILED)
        if self.backoff.failed():
            others = sum(each.start_status.ready for each in self._staying())
            self.log.error(
                "parley: a worker could not start (%s). The next attempt follows in %g s; %s.",
                reason,
                self.backoff.pause_s,
                _OTHER_WORKERS.get(others, f"{others} others go on"),
            )

    # Reloads

    def handle_hup(self) -> None:
        """Reload as soon as the workers of the last reload are ready. HUPs until then become one reload."""
        if self.pending_reload.request():
            self.log.info("parley: this reload is merged with the reload in progress")
        self.backoff.reset()

    def reload(self) -> None:
        """Read the configuration again and have `manage_workers` replace the old workers.

        If the configuration is invalid or an address cannot be used, log it and keep everything as it was.
        """
        before, listened = self.app.cfg, self.cfg.address
        try:
            self.app.reload()
        except SystemExit as error:  # gunicorn's reaction to an invalid configuration
            self.app.cfg = before
            self._refuse(error.code if isinstance(error.code, str) else "its configuration cannot be read")
            return
        if self.app.cfg.address != listened and (sentence := address.listen_error(self.app.cfg.address)):
            self.app.cfg = before
            self._refuse(sentence)
            return
        self.log.info("Hang up: %s", self.master_name)
        self._stats["reloads"] += 1
        self.setup(self.app)
        self.log.reopen_files()
        if self.cfg.address != listened:
            self._listen_elsewhere()
        self.cfg.on_reload(self)
        self.generation += 1

    def _advance_reload(self) -> None:
        try:
            outcome = self.pending_reload.advance(self._may_reload())
        except OSError as error:
            self._refuse(str(error))
            return
        if outcome and outcome.failure:
            self._refuse(outcome.failure)
        elif outcome:
            self.reload()

    def _may_reload(self) -> bool:
        """Return whether the workers of the last reload are ready and few enough old ones are left."""
        starting = any(not worker.start_status.ready for worker in self._staying()) and not self.backoff.pause_s
        leaving = sum(worker.leaving for worker in self.WORKERS.values())
        return not starting and leaving <= self.num_workers

    def _refuse(self, reason: str) -> None:
        self.log.error(
            "parley: nothing is reloaded, because the server would not start (%s). It continues as before.",
            reason.rstrip("."),
        )

    def _listen_elsewhere(self) -> None:
        for listener in self.LISTENERS:
            listener.close()
        self.LISTENERS = sock.create_sockets(self.cfg, self.log)

    # Shutdown

    def stop(self, graceful: bool = True) -> None:
        """End all workers: gracefully within `graceful_timeout`, then by force."""
        self._stopping = True
        self.pending_reload.cancel()
        unlink = self.reexec_pid == self.master_pid == 0 and not self.systemd and not self.cfg.reuse_port
        sock.close_sockets(self.LISTENERS, unlink)
        self.LISTENERS = []
        self._wait_for_workers(signal.SIGTERM if graceful else signal.SIGQUIT)
        self.kill_workers(signal.SIGKILL)
        self.reap_workers()

    def _wait_for_workers(self, sig: int) -> None:
        began_at = time.monotonic()
        deadline = began_at + (self.cfg.graceful_timeout if sig == signal.SIGTERM else _QUICK_SHUTDOWN_S)
        next_signal_at: dict[int, float] = {}
        while self.WORKERS and time.monotonic() < deadline:
            if sig == signal.SIGTERM and self._quick_shutdown_requested():
                self.log.info("Quick shutdown requested")
                sig, next_signal_at, deadline = signal.SIGQUIT, {}, time.monotonic() + _QUICK_SHUTDOWN_S
            for pid, worker in list(self.WORKERS.items()):
                if time.monotonic() >= next_signal_at.get(pid, 0.0):
                    # A worker without signal handlers loses signals, so they are repeated until it is ready.
                    next_signal_at[pid] = (
                        float("inf") if worker.start_status.ready else time.monotonic() + _REPEAT_SIGNAL_S
                    )
                    late = not worker.start_status.ready and time.monotonic() - began_at > _START_ENDS_S
                    self.kill_worker(pid, signal.SIGKILL if late else sig)
            self.reap_workers()
            time.sleep(_LOOK_EVERY_S)

    def _quick_shutdown_requested(self) -> bool:
        """Return whether INT or QUIT has arrived."""
        requested = False
        while not self.SIG_QUEUE.empty():
            requested |= self.SIG_QUEUE.get_nowait() in (signal.SIGINT, signal.SIGQUIT)
        return requested
