"""The services of a worker: built once, started and stopped in a fixed order."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chat import configured_parts
from chat.agent.loop import Agent
from chat.agent.toolbox import Toolbox
from chat.cluster.contract import Request, Road
from chat.cluster.here import Here
from chat.cluster.peers import NO_SOCKETS, Peers
from chat.errors import StoreUnavailable
from chat.events.local import LocalEventLog
from chat.llm.contract import LanguageModel
from chat.memory.contract import ConversationMemory
from chat.metrics.metrics import Metrics
from chat.net.http_client import HttpClient
from chat.runtime import descriptors, mode
from chat.runtime.block_watch.watch import BlockWatch
from chat.runtime.clock import MACHINE_CLOCK, Clock
from chat.runtime.folders import check_can_create
from chat.runtime.gc_policy import Collector
from chat.runtime.http.thread_slots import RequestKind
from chat.runtime.periodic_jobs import PeriodicJob, PeriodicJobs
from chat.store import Store
from chat.store.engines.timed import timed
from chat.store.key_file import COOKIE_KEY, KeyFile
from chat.tool_contract import Tool
from chat.turns import coalescing
from chat.turns.database_road import DatabaseRoad
from chat.turns.database_watch import DatabaseWatch
from chat.turns.delta_sweep import DeltaSweep
from chat.turns.drain import Drain
from chat.turns.expiry import Expiry
from chat.turns.follow import Follower
from chat.turns.indexer import Indexer
from chat.turns.operator_looks import OperatorLooks
from chat.turns.recovery import Recovery
from chat.turns.removal import Remover
from chat.turns.runner import Limits, Runner
from chat.turns.stop import Stopper
from chat.turns.stored_reports import StoredReports
from chat.turns.stream_limits import StreamLimits
from chat.turns.titles import Titles
from chat.turns.turn_requests import HEARTBEAT_S, TurnRequests
from chat.turns.turn_services import TurnServices
from chat.turns.worker_report import ReportExchange, WorkerReport
from chat.web.api import turns
from chat.web.auth.operator_access import OperatorAccess
from chat.web.auth.tokens import Tokens
from chat.web.ops import health
from chat.web.services import WebServices
from config import logging as log_files
from config.mode import Mode
from config.server.start_errors import CannotStart
from config.settings import SettingError, Settings

if TYPE_CHECKING:
    from chat.cluster.redis_link import RedisLink

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Parts that replace those that the settings describe; None means the usual one."""

    store: Store | None = None
    memory: ConversationMemory | None = None
    peers: Peers | None = None
    model: LanguageModel | None = None
    tools: Sequence[Tool] | None = None
    roads: Sequence[Road] | None = None
    database_road: DatabaseRoad | None = None
    clock: Clock | None = None
    heartbeat_s: float | None = None
    # Factor of all waits for Redis.
    redis_wait_factor: float = 1.0
    # Seconds between two calls of a periodic job, by its name.
    job_intervals: Mapping[str, float] = field(default_factory=dict)


class Services:
    """All services of one worker. Creating them opens nothing and starts nothing."""

    def __init__(self, settings: Settings, overrides: Overrides | None = None) -> None:
        overrides = overrides or Overrides()
        self.settings = settings
        self.clock = clock = overrides.clock or MACHINE_CLOCK
        self.metrics = metrics = Metrics()
        self.store = overrides.store or Store(timed(configured_parts.store_engine(settings), metrics), clock)
        self.peers = overrides.peers or Peers(settings.data_dir / "run")
        secret_key = KeyFile(settings.data_dir / COOKIE_KEY)
        self.tokens = Tokens(lambda: settings.secret_key.encode() or secret_key.read())
        self.redis = self._redis_link(overrides.redis_wait_factor)
        self.stored_reports = self._stored_reports()
        self.memory = (
            configured_parts.conversation_memory(settings, self.redis, clock)
            if overrides.memory is None
            else overrides.memory
        )
        self.turns = TurnServices(
            self.store, self.peers.name, settings.active_turns_limit, LocalEventLog, clock, metrics
        )
        running_turns = self.turns.running_turns
        stream_limits = StreamLimits(settings.streams_limit)
        heartbeat_s = overrides.heartbeat_s or HEARTBEAT_S
        self.turn_requests = TurnRequests(running_turns, stream_limits, heartbeat_s)
        here = Here(self.peers.name, self.turn_requests.answer)
        other_servers = () if self.redis is None else (self.redis.road,)
        nearby = (here, self.peers) if overrides.roads is None else overrides.roads
        database_road = overrides.database_road or DatabaseRoad(self.store, clock, heartbeat_s=heartbeat_s)
        self.follower = Follower((*nearby, *other_servers), database_road, stream_limits)
        self.stopper = Stopper(self.store, nearby, database_road, clock, wake_up=other_servers)
        self.model = overrides.model or configured_parts.language_model(settings, metrics)
        self.titles = Titles(
            self.store, configured_parts.without_retries(self.model), "none" if settings.demo else settings.title_model
        )
        self.http = HttpClient(ssl.create_default_context())
        tools = configured_parts.tools(settings, self.http) if overrides.tools is None else overrides.tools
        self.runner = self._runner(tools)
        self.drain = Drain(self.turns.admission, settings.grace_s, clock)
        self.recovery = Recovery(
            self.store, running_turns, self.peers.name, self.peers.presence, clock, self.turns.metrics.interrupted
        )
        self.expiry = Expiry(self.store, self.memory, clock)
        self.remover = Remover(self.store)
        self.indexer = Indexer(self.store)
        self.delta_sweep = DeltaSweep(self.store, self.clock)
        self.database_watch = DatabaseWatch(self.store)
        self.collector = Collector(lambda: running_turns.count)
        self.block_watch = BlockWatch()
        self.report = self._worker_report()
        self.looks = OperatorLooks(
            self.peers.name, (self.peers, *other_servers), settings.data_dir / "run" / "look.lock"
        )
        self.jobs = PeriodicJobs(self._periodic_jobs(), overrides.job_intervals)
        self.web = self._web_services()
        self._started = False
        self._starting = threading.Lock()

    def _redis_link(self, wait_factor: float) -> RedisLink | None:
        return configured_parts.redis_link(
            self.settings,
            self.peers.name,
            lambda: self.tokens.key_digest,
            self.store.identity,
            self.metrics,
            wait_factor,
        )

    def _runner(self, tools: Sequence[Tool]) -> Runner:
        settings = self.settings
        return Runner(
            self.store,
            self.memory,
            Agent(self.model, Toolbox(tools, self.metrics), settings.max_answer_chars),
            self.turns,
            self.peers.name,
            Limits(settings.turn_timeout_s, settings.context_chars, settings.system_prompt),
            self.titles,
        )

    def _worker_report(self) -> WorkerReport:
        return WorkerReport(
            f"{socket.gethostname()}:{self.settings.port}",
            self.turns.running_turns,
            self.memory,
            [self.peers, *self._exchanges()],
            lambda: self.jobs.lag_ms("flush"),
            self.block_watch.recent,
        )

    def _web_services(self) -> WebServices:
        """Return what the views use."""
        return WebServices(
            self.settings,
            self.store,
            self.memory,
            self.runner,
            self.follower,
            self.stopper,
            self.turns.admission,
            self.report,
            self.tokens,
            self.clock,
            self.metrics,
            self.model,
            OperatorAccess(self.settings.admin_token, self.tokens, self.clock, self.store.ended_admin_sessions),
            self.looks,
            self.redis,
            self._has_other_keys,
        )

    @staticmethod
    def request_kind(method: str, path: str, accepted: str) -> RequestKind:
        """Return the kind of a request, which decides about its thread slots in a gthread worker."""
        if path.endswith(health.PATHS):
            return RequestKind.HEALTH
        return turns.request_kind(method, path, accepted)

    def preflight(self) -> Mode:
        """Return the mode of this process if `start` would succeed in it. Creates and changes nothing.

        Raises CannotStart with a sentence for the operator.
        """
        data_dir = self.settings.data_dir
        try:
            check_can_create(data_dir / "run")
        except OSError as error:
            raise CannotStart(
                f"DATA_DIR is {str(data_dir)!r}, but takes a folder that this user may write to ({error})."
            ) from error
        try:
            self.store.check_usable()
        except (StoreUnavailable, OSError) as error:
            raise CannotStart(self.store.explain_unopenable(error)) from error
        return mode.current()

    def start(self) -> None:
        """Open the database, start the periodic jobs, warm up the model's client. Later calls do nothing.

        Raises StoreUnavailable or SettingError with a sentence for the operator; then it may be called again.
        """
        if not self._started:
            with self._starting:
                self._start_once()

    def drain_when(self, leaving: Callable[[], bool]) -> None:
        """Drain once `leaving` returns True: begin no new turns, give the running ones the grace."""
        self.drain.watch(leaving)

    def end_grace(self) -> None:
        """Drain with no grace: the running turns are interrupted at once."""
        self.drain.end_grace()

    def stop(self) -> None:
        """Wait for the running turns within the grace, commit the rest as interrupted, close everything."""
        self.drain.finish()
        self.titles.stop()
        self.remover.stop()
        self.block_watch.stop()
        self.looks.close()
        self.jobs.stop()
        self.http.close()
        self.peers.close()
        if self.redis is not None:
            self.redis.close()
        if self.stored_reports is not None:
            self.stored_reports.close()
        self.store.close()

    def _stored_reports(self) -> StoredReports | None:
        """Return the reports in the database, if it is one that several servers can share."""
        if self.settings.database_url.startswith("sqlite"):
            return None
        return StoredReports(
            self.store.worker_reports,
            self.peers.name,
            lambda: self.tokens.key_digest,
            lambda: self.redis is None or bool(self.redis.problem),
            self.clock,
        )

    def _exchanges(self) -> list[ReportExchange]:
        redis = [] if self.redis is None else [self.redis.reports]
        return [*redis, *([] if self.stored_reports is None else [self.stored_reports])]

    def _has_other_keys(self) -> bool:
        """Return whether a server that shares the database has another SECRET_KEY."""
        in_redis = self.redis is not None and self.redis.other_key
        return in_redis or (self.stored_reports is not None and self.stored_reports.other_key)

    def _periodic_jobs(self) -> list[PeriodicJob]:
        return [
            PeriodicJob("flush", coalescing.MIN_INTERVAL_S, self.turns.flusher.flush),
            PeriodicJob("deadlines", 0.05, self.turns.deadlines.check),
            # A killed worker loses the text since its last checkpoint: less than a second, with the time of writing.
            PeriodicJob("checkpoint", 0.6, self.turns.checkpoints.checkpoint),
            PeriodicJob("drain", 0.25, self.drain.check),
            # Also at the start, because the whole server may have died.
            PeriodicJob("recovery", 1.0, self.recovery.sweep, at_start=True),
            PeriodicJob("expiry", 600.0, self.expiry.sweep),
            PeriodicJob("removal", 1.0, self.remover.check),
            PeriodicJob("index", 1.0, self.indexer.sweep),
            PeriodicJob("old checkpoints", 10.0, self.delta_sweep.sweep),
            PeriodicJob("database watch", 1.0, self.database_watch.check),
            PeriodicJob("garbage", 5.0, self.collector.collect_if_due),
            PeriodicJob("idle connections", 5.0, self.model.close_unusable_connections),
            PeriodicJob("idle connections of tools", 5.0, self.http.close_unusable),
            PeriodicJob("blocks", 0.25, self.block_watch.report_new),
            PeriodicJob("looks", 5.0, self.looks.check),
            PeriodicJob("report", 1.0, self._report, at_start=True),
            *([] if self.redis is None else [PeriodicJob("redis", 1.0, self.redis.check)]),
        ]

    def _answer_peer(self, request: Request) -> Iterator[bytes]:
        """Answer a request of another worker."""
        return self.looks.answer(request) if "look" in request else self.turn_requests.answer_peer(request)

    def _report(self) -> None:
        self.metrics.count_cpu()
        self.metrics.count_blocks(self.block_watch.totals())
        self.report.publish()

    def _start_once(self) -> None:
        if self._started:  # by another thread that held the lock
            return
        log_files.set_up(self.settings)
        self._open_store()
        try:
            self._listen()
            if self.redis is not None:
                self.redis.start(self._answer_peer)
            log.debug("The cookie is named %s", self.tokens.cookie)  # creates the secret key now, not in a request
            self.jobs.start()
            self.model.warm_up()
        except BaseException:
            self.jobs.stop()
            self.peers.close()
            if self.redis is not None:
                self.redis.close()
            raise
        self._started = True

    def _listen(self) -> None:
        try:
            self.peers.listen(self._answer_peer)
        except OSError as error:
            if descriptors.exhausted(error):
                raise
            if error.errno in NO_SOCKETS:
                log.warning("DATA_DIR takes no Unix sockets (%s): workers ask each other through the database", error)
                return
            raise SettingError(
                f"DATA_DIR is {str(self.settings.data_dir)!r}, but takes a folder that this user may write to, "
                f"at a path short enough for a Unix socket ({error})."
            ) from error

    def _open_store(self) -> None:
        """Create or update the tables.

        Raises StoreUnavailable, also where other workers have another file open at the same path.
        """
        engine = self.store.engine
        open_now = [each.get("database") for each in self.peers.peer_attributes()]
        others = [
            each.get("identity")
            for each in open_now
            if isinstance(each, dict) and each.get("location") == engine.location
        ]
        if others and engine.current_identity() not in others:
            raise StoreUnavailable(
                f"DATABASE_URL names {engine.location}, which was removed or replaced while the server runs; put it"
                " back, or stop the whole server before it is started again."
            )
        try:
            self.store.migrate()
        except (StoreUnavailable, OSError) as error:
            raise StoreUnavailable(self.store.explain_unopenable(error)) from error
        self.database_watch.check()
        self.peers.attributes["database"] = {"location": engine.location, "identity": engine.open_identity()}
