"""A conversation as a file: Markdown for people, JSON for programs."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response

from chat.errors import InvalidRequest
from chat.store.records import Conversation
from chat.web import identity, json_views, markdown, query
from chat.web.services import services
from config.version import VERSION

bp = Blueprint("export", __name__, url_prefix="/api")

# The newest branch, as far as anybody reads.
_MESSAGES = 10_000
_NAME_CHARS = 60
_MARKS = ("Mn", "Mc")  # vowels and accents that belong to the letter before them
# All but tabs and line ends: control characters, halves of a pair, and what no character stands for.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Names that Windows keeps for devices, whatever follows the dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.|$)", re.IGNORECASE)


@bp.get("/conversations/<id:conversation_id>/export")
def export(conversation_id: int) -> Response:
    conversation = services().store.owned.conversation(identity.user_id(), conversation_id)
    match query.text("format"):
        case "md":
            return _file(conversation, _markdown(conversation), "md", "text/markdown; charset=utf-8")
        case "json":
            return _file(conversation, _json(conversation), "json", "application/json")
    raise InvalidRequest("invalid_value", "format takes json or md.", "format")


def file_name(title: str, ending: str) -> str:
    """A name that every operating system takes, made of a title in any script."""
    composed = unicodedata.normalize("NFC", title)
    kept = "".join(each if each.isalnum() or unicodedata.category(each) in _MARKS else " " for each in composed)
    name = "-".join(kept.split())[:_NAME_CHARS].strip("-") or "conversation"
    return f"{'_' if _DEVICES.match(name) else ''}{name}.{ending}"


def attachment(name: str) -> str:
    """The Content-Disposition header of a file to save, in ASCII (RFC 6266).

    `filename*` has the name itself; `filename` is for programs that do not read the former.
    """
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, _, ending = letters.rpartition(".")
    plain = f"{stem.strip('-') or 'conversation'}.{ending}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def printable(value: Any) -> Any:
    """`value`, a text or anything of JSON, without control characters in any of its texts."""
    match value:
        case str():
            return _UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
        case dict():
            return {printable(key): printable(each) for key, each in value.items()}
        case list() | tuple():
            return [printable(each) for each in value]
    return value


def _markdown(conversation: Conversation) -> bytes:
    """The branch that the page shows: the newest one."""
    head = conversation.head_id
    messages = [] if head is None else services().store.history.path_to(head, _MESSAGES)
    text: str = printable(markdown.document(conversation, messages))
    return text.encode()


def _json(conversation: Conversation) -> bytes:
    """Every branch: as the API tells it, with what made the file."""
    messages = services().store.history.of_conversation(conversation.id)
    shown = json_views.conversation(conversation) | {
        "head_id": conversation.head_id,
        "messages": [json_views.message(message) for message in messages],
        "exported_by": f"Parley {VERSION}",
    }
    return msgspec.json.format(msgspec.json.encode(printable(shown)), indent=2)


def _file(conversation: Conversation, content: bytes, ending: str, kind: str) -> Response:
    name = file_name(conversation.title, ending)
    return Response(content, content_type=kind, headers={"Content-Disposition": attachment(name)})
