"""`/api/me`: the caller, the caller's instructions, and the features of this server."""

from __future__ import annotations

from flask import Blueprint

from chat.runtime import mode
from chat.web.api import examples, json_body
from chat.web.api.schemas import Features, Instructions, Limits, Me, User, Welcome
from chat.web.auth.principal import principal
from chat.web.openapi.operation import Answer, Body, Refusal, operation
from chat.web.services import services
from config.settings import Settings
from config.version import VERSION

bp = Blueprint("me", __name__, url_prefix="/api")


@bp.get("/me")
@operation(Answer(content=Me, example=examples.ME))
def show() -> Me:
    """Return the caller, the limits and the features of this server."""
    current = services()
    settings, user = current.settings, principal().user
    return Me(
        user=User(id=user.id if user.exists else None, name=None),
        instructions=current.store.instructions.get(user.id),
        welcome=Welcome(greeting=settings.greeting, starters=list(settings.starters)),
        mode=mode.current().name,
        models=list(settings.models),
        default_model=settings.models[0],
        limits=Limits(
            message_chars=json_body.MESSAGE_CHARS,
            title_chars=json_body.TITLE_CHARS,
            instruction_chars=json_body.INSTRUCTION_CHARS,
            turn_seconds=settings.turn_timeout_s,
        ),
        features=_features(settings),
        version=VERSION,
    )


@bp.get("/me/instructions")
@operation(Answer(content=Instructions, example=examples.INSTRUCTIONS))
def show_instructions() -> Instructions:
    """Return the caller's instructions."""
    return Instructions(text=services().store.instructions.get(principal().user.id))


@bp.put("/me/instructions")
@operation(
    Answer(content=Instructions, example=examples.INSTRUCTIONS),
    body=Body(shape=json_body.UpdateInstructions, examples=examples.UPDATE_INSTRUCTIONS),
    refusals=(
        Refusal(422, "instructions_too_long", "The instructions have 4001 characters; they may have 4000.", "text"),
    ),
)
def update_instructions() -> Instructions:
    """Replace the caller's instructions."""
    text = json_body.instructions(json_body.read(json_body.UpdateInstructions).text)
    services().store.instructions.change(principal().user.save(), text)
    return Instructions(text=text)


def _features(settings: Settings) -> Features:
    return Features(
        demo=settings.demo,
        search=True,
        share=True,
        temporary=True,
        archive=True,
        export_all=True,
        titles=not settings.demo and settings.title_model != "none",
        export=["json", "md"],
    )
