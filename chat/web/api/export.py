"""Export of a conversation to a file: Markdown for readers, JSON for programs."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response

from chat.errors import InvalidRequest
from chat.store.records import Conversation
from chat.web.api import examples, json_views, markdown, query
from chat.web.api.schemas import ConversationFile
from chat.web.auth.principal import principal
from chat.web.openapi.operation import Answer, Parameter, operation
from chat.web.openapi.refusals import NO_CONVERSATION
from chat.web.services import services
from config.version import VERSION

bp = Blueprint("export", __name__, url_prefix="/api")

# The newest messages of the branch; older ones are left out.
_MAX_MESSAGES = 10_000
_NAME_CHARS = 60
FILE_HEADERS = {"Content-Disposition": "attachment, with the file's name"}
_MARKS = ("Mn", "Mc")  # categories of combining vowels and accents
# Control characters except tabs and line ends, lone surrogates, and noncharacters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Names that Windows reserves for devices, with any extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.|$)", re.IGNORECASE)


@bp.get("/conversations/<id:conversation_id>/export")
@operation(
    Answer(content=ConversationFile, example=examples.CONVERSATION_FILE, description="The file", headers=FILE_HEADERS),
    Answer(
        content={"type": "string"},
        example=examples.MARKDOWN,
        media_type="text/markdown",
        description="The file",
        headers=FILE_HEADERS,
    ),
    parameters=(
        Parameter(
            name="format",
            schema={"type": "string", "enum": ["json", "md"]},
            description="`json`: all branches. `md`: the newest one",
            required=True,
        ),
    ),
    refusals=(NO_CONVERSATION,),
)
def export(conversation_id: int) -> Response:
    """Return a conversation as a file."""
    conversation = services().store.ownership.conversation(principal().user.id, conversation_id)
    match query.text("format"):
        case "md":
            return _file(conversation, _markdown(conversation), "md", "text/markdown; charset=utf-8")
        case "json":
            return _file(conversation, _json(conversation), "json", "application/json")
    raise InvalidRequest("invalid_value", "format takes json or md.", "format")


def file_name(title: str, extension: str) -> str:
    """Return a file name that every operating system accepts, from a title in any script."""
    composed = unicodedata.normalize("NFC", title)
    words = "".join(each if each.isalnum() or unicodedata.category(each) in _MARKS else " " for each in composed)
    name = "-".join(words.split())[:_NAME_CHARS].strip("-") or "conversation"
    return _without_device(f"{name}.{extension}")


def attachment(name: str) -> str:
    """Return the Content-Disposition header of a file to save, in ASCII (RFC 6266).

    `filename*` has the exact name; `filename` is for programs that do not read the former.
    """
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, _, extension = letters.rpartition(".")
    words = "-".join(re.findall(r"[A-Za-z0-9_]+", stem))
    plain = _without_device(f"{words or 'conversation'}.{extension}")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _without_device(name: str) -> str:
    return f"_{name}" if _DEVICES.match(name) else name


def printable(value: Any) -> Any:
    """Return `value` as a JSON value without control characters in any of its strings."""
    match value:
        case msgspec.Struct():
            return printable(msgspec.to_builtins(value))
        case str():
            return _UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
        case dict():
            return {printable(key): printable(each) for key, each in value.items()}
        case list() | tuple():
            return [printable(each) for each in value]
    return value


def _markdown(conversation: Conversation) -> bytes:
    """Return the newest branch, which the page shows."""
    head = conversation.head_id
    messages = [] if head is None else services().store.history.path_to(head, _MAX_MESSAGES)
    text: str = printable(markdown.document(conversation, messages))
    return text.encode()


def _json(conversation: Conversation) -> bytes:
    """Return every branch in the API's format, with the program's version."""
    messages = services().store.history.of_conversation(conversation.id)
    file = ConversationFile(
        **json_views.conversation_fields(conversation),
        head_id=conversation.head_id,
        messages=[json_views.message(message) for message in messages],
        exported_by=f"Parley {VERSION}",
    )
    return msgspec.json.format(msgspec.json.encode(printable(file)), indent=2)


def _file(conversation: Conversation, content: bytes, extension: str, content_type: str) -> Response:
    name = file_name(conversation.title, extension)
    return Response(content, content_type=content_type, headers={"Content-Disposition": attachment(name)})
