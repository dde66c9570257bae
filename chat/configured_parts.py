"""Parts of a worker whose kind the settings choose: database, memory, Redis, model, tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chat.llm.contract import LanguageModel
from chat.llm.demo.model import DemoModel
from chat.memory.contract import ConversationMemory
from chat.memory.local import LocalMemory
from chat.metrics.metrics import Metrics
from chat.net.http_client import HttpClient
from chat.runtime.clock import Clock
from chat.store import engine_for
from chat.store.engines.contract import Engine
from chat.tool_contract import Tool
from chat.tools import market_tools
from config.paths import ROOT
from config.server import shared_document
from config.settings import SettingError, Settings

if TYPE_CHECKING:
    from chat.cluster.redis_link import RedisLink


def store_engine(settings: Settings) -> Engine:
    """Return the engine of the database that the settings name. Raises SettingError."""
    try:
        return engine_for(settings.database_url, ROOT, settings.secret_key)
    except ValueError as error:
        raise SettingError(str(error)) from None


def redis_link(
    settings: Settings,
    worker: str,
    key_digest: Callable[[], str],
    identity: Callable[[], str],
    metrics: Metrics,
    wait_factor: float = 1.0,
) -> RedisLink | None:
    """Return the worker's link to the Redis that the settings name, if they name one."""
    if not settings.redis_url:
        return None
    from chat.cluster.redis_link import RedisLink  # its library takes time and memory

    return RedisLink(settings.redis_url, worker, key_digest, identity, metrics, wait_factor)


def conversation_memory(settings: Settings, redis: RedisLink | None, clock: Clock) -> ConversationMemory:
    """Return the cache of contexts: in Redis if there is one, otherwise in this worker."""
    limit_bytes = settings.memory_limit_mb * 1024 * 1024
    if redis is None:
        return LocalMemory(limit_bytes, clock)
    from chat.memory.redis import RedisMemory

    return RedisMemory(redis.client, redis.prefix, limit_bytes, clock)


def language_model(settings: Settings, metrics: Metrics | None = None) -> LanguageModel:
    """Return the client of the model that the settings name, or the demo."""
    if settings.demo:
        return DemoModel(settings.demo_latency_s)
    from chat.llm.openai.client import OpenAIModel  # takes half a second and 30 MB, which the demo does not need
    from chat.llm.openai.request.capabilities import CapabilityCache

    model = OpenAIModel(
        settings.openai_api_key,
        settings.openai_base_url,
        settings.model_timeout_s,
        settings.model_transport,
        settings.model_tools,
    )
    model.capabilities = CapabilityCache(settings.openai_base_url, shared_document.models())
    if metrics is not None:
        model.count_retry = metrics.model_retries.add
    return model


def tools(settings: Settings, client: HttpClient) -> Sequence[Tool]:
    """Return the agent's tools."""
    return market_tools(settings.world_bank_url, settings.frankfurter_url, client, settings.data_dir / "cache")


def without_retries(model: LanguageModel) -> LanguageModel:
    """Return `model` for background requests, which are not retried."""
    once: Callable[[], LanguageModel] | None = getattr(model, "without_retries", None)
    return model if once is None else once()
