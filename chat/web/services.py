"""Services that the views use. `chat/services.py` builds them once and hands them to the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

from chat.llm.contract import LanguageModel
from chat.memory.contract import ConversationMemory
from chat.metrics.metrics import Metrics
from chat.runtime.clock import Clock
from chat.store import Store
from chat.turns.admission import Admission
from chat.turns.follow import Follower
from chat.turns.operator_looks import OperatorLooks
from chat.turns.runner import Runner
from chat.turns.stop import Stopper
from chat.turns.worker_report import WorkerReport
from chat.web.auth.operator_access import OperatorAccess
from chat.web.auth.tokens import Tokens
from config.settings import Settings

if TYPE_CHECKING:
    from chat.cluster.redis_link import RedisLink

EXTENSION = "parley"


@dataclass(frozen=True, slots=True)
class WebServices:
    """One worker's services for the views."""

    settings: Settings
    store: Store
    memory: ConversationMemory
    runner: Runner
    follower: Follower
    stopper: Stopper
    admission: Admission
    report: WorkerReport
    tokens: Tokens
    clock: Clock
    metrics: Metrics
    model: LanguageModel
    operator_access: OperatorAccess
    looks: OperatorLooks
    redis: RedisLink | None = None
    has_other_keys: Callable[[], bool] = bool


def services() -> WebServices:
    """Return the services of the application that serves this request."""
    return cast(WebServices, current_app.extensions[EXTENSION].web)
