"""Checks of the model's endpoint, by two short questions."""

from __future__ import annotations

from collections.abc import Sequence

from chat.commands.doctor.findings import Checks, Finding, failed, passed, skipped, warned
from chat.commands.doctor.installation import Installation, NotAvailable
from chat.configured_parts import language_model, without_retries
from chat.errors import ModelError, TurnEnded
from chat.llm.model_probe import ProbeAnswer, probe
from chat.messages import WITHOUT_TOOLS, ToolSpec

check = Checks()

_TIMEOUT_S = 20.0
_SLOW_MS = 5000
_COUNT = "Count from 1 to 30 in digits, with a comma after each."
_USE_TOOL = "Call the tool `ping` once, with the word ready."
_PING = ToolSpec(
    "ping",
    "Test the connection.",
    {
        "type": "object",
        "properties": {"word": {"type": "string", "description": "Any word"}},
        "required": ["word"],
        "additionalProperties": False,
    },
)


@check("PAR070", "model")
def model(installation: Installation) -> Finding:
    """Check that the default model answers."""
    name = installation.settings.models[0]
    outcome = _first_answer(installation)
    if isinstance(outcome, str):
        return failed(
            f"{name} does not answer: {outcome}",
            "Check OPENAI_API_KEY, OPENAI_BASE_URL and CHAT_MODEL, and the network.",
        )
    message = f"{name} begins to answer after {outcome.first_ms} ms."
    if outcome.first_ms > _SLOW_MS:
        return warned(message, "Every user waits at least that long: ask the endpoint's operator.")
    return passed(message)


@check("PAR071", "streaming")
def streaming(installation: Installation) -> Finding:
    """Check that the answer arrives piece by piece."""
    outcome = _first_answer(installation)
    if isinstance(outcome, str):
        raise NotAvailable("the model does not answer")
    if outcome.pieces < 2:
        return warned(
            "The answer came as a whole, not piece by piece.",
            "Look for a proxy that buffers responses.",
        )
    return passed(f"The answer came in {outcome.pieces} pieces.")


@check("PAR072", "tools")
def tools(installation: Installation) -> Finding:
    """Check that the model accepts tools and calls one."""
    if installation.settings.model_tools == "false":
        return skipped("MODEL_TOOLS=false: no tools are offered.")
    if isinstance(_first_answer(installation), str):
        raise NotAvailable("the model does not answer")
    outcome = _ask(installation, _USE_TOOL, (_PING,))
    remedy = "Use a model that calls tools, or set MODEL_TOOLS=false: without tools it has no figures."
    if isinstance(outcome, str):
        return failed(f"With tools the model does not answer: {outcome}", remedy)
    if WITHOUT_TOOLS in outcome.notices:
        return warned("The endpoint refuses tools; the model is asked without them.", remedy)
    if not outcome.called_tool:
        return warned("The model did not call the tool that it was asked to call.", remedy)
    return passed("The model calls tools.")


def _first_answer(installation: Installation) -> ProbeAnswer | str:
    """Return the answer to one question, the same for all checks, or a sentence that says why there is none."""
    if installation.settings.demo:
        raise NotAvailable("no model is configured, the demo answers")
    answer = installation.answers.get("model")
    if answer is None:
        answer = installation.answers["model"] = _ask(installation, _COUNT)
    return answer


def _ask(installation: Installation, question: str, offered: Sequence[ToolSpec] = ()) -> ProbeAnswer | str:
    settings = installation.settings
    timeout_s = min(_TIMEOUT_S, settings.model_timeout_s)
    model = language_model(settings)
    try:
        return probe(
            without_retries(model),
            settings.models[0],
            timeout_s,
            question=question,
            tools=offered,
            timer=installation.timer,
        )
    except TurnEnded:
        return f"nothing within {timeout_s:g} seconds."
    except ModelError as error:
        return error.message
    finally:
        close = getattr(model, "close", None)
        if close is not None:
            close()
