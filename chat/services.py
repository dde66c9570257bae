"""The services of a worker: built once, started and stopped in a fixed order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.agent.loop import Agent
from chat.agent.toolbox import Toolbox
from chat.cluster.peers import Peers
from chat.errors import StoreUnavailable
from chat.events.local import LocalEventLog
from chat.llm.contract import LanguageModel
from chat.llm.demo import DemoModel
from chat.memory.local import LocalMemory
from chat.messages import Tool
from chat.runtime import descriptors, mode
from chat.runtime.folders import check_can_create
from chat.runtime.gc_policy import Collector
from chat.runtime.http.thread_slots import RequestKind
from chat.store import Store, engine_for
from chat.store.key_file import KeyFile
from chat.tools import market_tools
from chat.turns.database_watch import DatabaseWatch
from chat.turns.drain import Drain
from chat.turns.expiry import Expiry
from chat.turns.follow import Follower
from chat.turns.indexer import Indexer
from chat.turns.peer_requests import dispatch
from chat.turns.recovery import Recovery
from chat.turns.removal import Remover
from chat.turns.runner import Limits, Runner
from chat.turns.stop import Stopper
from chat.turns.stream_limits import StreamLimits
from chat.turns.titles import Titles
from chat.turns.turn_services import TurnServices
from chat.turns.worker_report import WorkerReport
from chat.web.api import turns
from chat.web.auth.tokens import Tokens
from chat.web.services import WebServices
from config import logging as log_files
from config.mode import Mode
from config.server.start_errors import CannotStart
from config.settings import ROOT, SettingError, Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Parts that are used instead of those that the settings describe; None means the usual one."""

    model: LanguageModel | None = None
    tools: Sequence[Tool] | None = None


class Services:
    """All services of one worker. Creating them opens nothing and starts nothing."""

    def __init__(self, settings: Settings, overrides: Overrides | None = None) -> None:
        overrides = overrides or Overrides()
        self.settings = settings
        self._store = Store(engine_for(settings.database_url, ROOT))
        self._memory = LocalMemory(settings.memory_limit_mb * 1024 * 1024)
        self._turns = TurnServices(self._store, settings.active_turns_limit, LocalEventLog)
        running_turns = self._turns.running_turns
        self._peers = Peers(settings.data_dir / "run")
        self._recovery = Recovery(self._store, running_turns, self._peers.name, self._peers.presence)
        self._expiry = Expiry(self._store, self._memory)
        self._remover = Remover(self._store)
        self._indexer = Indexer(self._store)
        self._database_watch = DatabaseWatch(self._store)
        self._drain = Drain(self._turns.admission, settings.grace_s)
        self._model = overrides.model or language_model(settings)
        follower = Follower(self._store, running_turns, self._peers, StreamLimits(settings.streams_limit))
        stopper = Stopper(self._store, running_turns, self._peers)
        tools = _market_tools(settings) if overrides.tools is None else overrides.tools
        self._titles = Titles(
            self._store, _without_retries(self._model), "none" if settings.demo else settings.title_model
        )
        runner = Runner(
            self._store,
            self._memory,
            Agent(self._model, Toolbox(tools), settings.max_answer_chars),
            self._turns,
            self._peers.name,
            Limits(settings.turn_timeout_s, settings.context_chars, settings.system_prompt),
            self._titles,
        )
        self._collector = Collector(lambda: running_turns.count)
        self._report = WorkerReport(running_turns, self._turns.flusher, self._memory, self._peers)
        key_file = KeyFile(settings.data_dir / "secret-key")
        self._tokens = Tokens(lambda: settings.secret_key.encode() or key_file.read())
        self.web = WebServices(
            settings,
            self._store,
            self._memory,
            runner,
            follower,
            stopper,
            self._turns.admission,
            self._report,
            self._tokens,
        )
        self._dispatch = dispatch(follower, stopper)
        self._started = False
        self._starting = threading.Lock()

    @property
    def store(self) -> Store:
        """Return the store."""
        return self._store

    @staticmethod
    def request_kind(method: str, path: str, accepted: str) -> RequestKind:
        """Return the kind of a request, which decides about its thread slots in a gthread worker."""
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
            self._store.check_usable()
        except (StoreUnavailable, OSError) as error:
            raise CannotStart(self._store.explain_unopenable(error)) from error
        return mode.current()

    def start(self) -> None:
        """Open the database, start the periodic jobs, warm up the model's client. Later calls do nothing.

        Raises StoreUnavailable or SettingError with a sentence for the operator.
        """
        if not self._started:
            with self._starting:
                self._start_once()

    def drain_when(self, leaving: Callable[[], bool]) -> None:
        """Drain once `leaving` returns True: begin no new turns, give the running ones the grace."""
        self._drain.watch(leaving)

    def end_grace(self) -> None:
        """Drain with no grace: the running turns are interrupted at once."""
        self._drain.end_grace()

    def stop(self) -> None:
        """Wait for the running turns within the grace, commit the rest as interrupted, close everything."""
        if not self._started:
            return
        self._drain.finish()
        self._titles.stop()
        for service in (
            self._turns,
            self._recovery,
            self._expiry,
            self._remover,
            self._indexer,
            self._database_watch,
            self._collector,
            self._report,
        ):
            service.stop()
        self._peers.close()
        self._store.close()

    def _start_once(self) -> None:
        if self._started:  # by another thread that held the lock
            return
        log_files.set_up(self.settings)
        self._open_store()
        self._listen()
        log.debug("The cookie is named %s", self._tokens.cookie)  # creates the secret key now, not in the first request
        self._turns.start()
        self._recovery.start()
        self._expiry.start()
        self._remover.start()
        self._indexer.start()
        self._collector.start()
        self._report.start()
        self._model.warm_up()
        self._started = True

    def _listen(self) -> None:
        try:
            self._peers.listen(self._dispatch)
        except OSError as error:
            if descriptors.exhausted(error):
                raise
            raise SettingError(
                f"DATA_DIR is {str(self.settings.data_dir)!r}, but takes a folder that this user may write to, "
                f"at a path short enough for a Unix socket ({error})."
            ) from error

    def _open_store(self) -> None:
        """Create or update the tables.

        Raises StoreUnavailable, also where other workers have another file open at the same path.
        """
        engine = self._store.engine
        open_now = [each.get("database") for each in self._peers.peer_attributes()]
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
            self._store.migrate()
        except (StoreUnavailable, OSError) as error:
            raise StoreUnavailable(self._store.explain_unopenable(error)) from error
        self._database_watch.start()
        self._peers.attributes["database"] = {"location": engine.location, "identity": engine.open_identity()}


def language_model(settings: Settings) -> LanguageModel:
    """Return the client of the model that the settings name, or the demo."""
    if settings.demo:
        return DemoModel(settings.demo_latency_s)
    from chat.llm.client import OpenAIModel  # takes half a second and 30 MB, which the demo does not need

    return OpenAIModel(
        settings.openai_api_key,
        settings.openai_base_url,
        settings.model_timeout_s,
        settings.model_transport,
        settings.model_tools,
    )


def _market_tools(settings: Settings) -> Sequence[Tool]:
    return market_tools(settings.world_bank_url, settings.frankfurter_url, settings.data_dir / "cache")


def _without_retries(model: LanguageModel) -> LanguageModel:
    """Return `model` for background requests, which are not retried."""
    once: Callable[[], LanguageModel] | None = getattr(model, "without_retries", None)
    return model if once is None else once()
