"""Checks of the settings: their values, the flag, workers and threads."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from chat.commands.doctor.findings import Checks, Finding, failed, passed, warned
from chat.commands.doctor.installation import Installation
from config.mode import FLAG, chosen
from config.settings import SettingError, Settings

check = Checks()

_FEW_THREADS = 8
_WORKERS_PER_CPU = 4
_SIMILAR = 0.85


@check("PAR010", "settings")
def settings(installation: Installation) -> Finding:
    """Check that all settings are valid, and that `.env` has no misspelled one."""
    file = installation.env_file
    if isinstance(installation.loaded, SettingError):
        return failed(str(installation.loaded), f"Correct it in {file} or in the environment; see .env.example.")
    if misspelled := _misspelled(file):
        return warned(
            f"{file} has names that are no settings: {', '.join(misspelled)}.",
            f"Correct to {', '.join(misspelled.values())}.",
        )
    source = str(file) if file.exists() else f"the defaults; there is no {file}"
    return passed(f"All settings are valid ({source}).")


def _misspelled(env_file: Path) -> dict[str, str]:
    """Return names in `.env` that resemble a setting, with that setting. Other programs may have names there too."""
    names = [str(field.metadata["name"]) for field in fields(Settings)]
    unknown = dotenv_values(env_file, interpolate=False).keys() - set(names)
    similar = {name: get_close_matches(name.upper(), names, 1, _SIMILAR) for name in sorted(unknown)}
    return {name: matches[0] for name, matches in similar.items() if matches}


@check("PAR011", "flag")
def flag(installation: Installation) -> Finding:
    """Say which mode the next start has, and why."""
    mode = chosen(installation.settings)
    environ = installation.environ
    written = f"{FLAG}={environ[FLAG]} in the environment, which wins over .env" if FLAG in environ else ""
    message = f"{FLAG} chooses {mode.name}: {mode.worker_class} workers{f' ({written})' if written else ''}."
    if not installation.settings.use_async_agent:
        return warned(message, "For many users at once: flask --app wsgi mode async.")
    if written:
        return warned(message, f"Unset {FLAG} in the environment, so that `flask mode` and .env can change it.")
    return passed(message)


@check("PAR012", "workers")
def workers(installation: Installation) -> Finding:
    """Check the numbers of workers and threads."""
    current = installation.settings
    count, cpus = current.web_concurrency, installation.cpus
    if count == 1:
        return warned(
            "WEB_CONCURRENCY is 1: while the only worker is replaced or busy, nobody is answered.",
            "Set WEB_CONCURRENCY to 2 or more; 4 is the default.",
        )
    if count > max(4, _WORKERS_PER_CPU * cpus):
        return warned(
            f"WEB_CONCURRENCY is {count} with {cpus} processor cores: more workers need memory, not less time.",
            f"Set WEB_CONCURRENCY to at most {max(4, _WORKERS_PER_CPU * cpus)}.",
        )
    if not current.use_async_agent and current.threads < _FEW_THREADS:
        return warned(
            f"THREADS is {current.threads}: {count * current.threads} turns run at once, others wait.",
            f"Set THREADS to {_FEW_THREADS} or more, or use async workers.",
        )
    capacity = count * current.active_turns_limit
    return passed(f"{count} workers on {cpus} processor cores, for at most {capacity} turns at once.")


@check("PAR013", "model settings")
def model_settings(installation: Installation) -> Finding:
    """Check that a model is configured, and not by an address without encryption on another machine."""
    current = installation.settings
    if current.demo:
        return warned(
            "Neither OPENAI_API_KEY nor OPENAI_BASE_URL is set: the built-in demo answers.",
            "Set OPENAI_API_KEY, OPENAI_BASE_URL, or both.",
        )
    model_s, turn_s = current.model_timeout_s, current.turn_timeout_s
    if model_s > turn_s:
        return warned(
            f"MODEL_TIMEOUT_S ({model_s:g}) is longer than TURN_TIMEOUT_S ({turn_s:g}), so a silent model is never "
            "named as the cause.",
            "Set MODEL_TIMEOUT_S below TURN_TIMEOUT_S.",
        )
    where = current.openai_base_url or "OpenAI's own endpoint"
    return passed(f"{', '.join(current.models)} at {where}.")
