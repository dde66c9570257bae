"""Answers in another form than deltas: whole messages, JSON documents, reasoning between tags."""

from __future__ import annotations

import json
from typing import Any

from scripts.fake_model.dialects.dialect import (
    DONE,
    FINAL,
    TEXT,
    Dialect,
    Outcome,
    Whole,
    event,
    piece,
    text_script,
    words,
)


def _message_event(message: dict[str, Any], finish: Any = "stop", **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": {"role": "assistant"} | message, "finish_reason": finish}], **more}


FORMS: dict[str, Dialect] = {
    "message": Dialect("a whole message as the only event", ([event(_message_event({"content": TEXT})), DONE],)),
    "message-after-deltas": Dialect(
        "the whole message once more at the end",
        ([words("The figures "), words("are in."), event(_message_event({"content": TEXT})), DONE],),
    ),
    "message-grows": Dialect(
        "the message as far as it has come, in each event",
        ([event(_message_event({"content": "The figures "}, None)), event(_message_event({"content": TEXT})), DONE],),
    ),
    "message-beside-deltas": Dialect(
        "a delta and the message as far as it has come",
        (
            [
                event({"choices": [{"index": 0, "delta": {"content": each}, "message": {"content": whole}}]})
                for each, whole in (("The figures ", "The figures "), ("are in.", TEXT))
            ]
            + [piece({}, "stop"), DONE],
        ),
    ),
    "document": Dialect("a JSON body in place of a stream", ([Whole(_message_event({"content": TEXT}))],)),
    "document-without-reason": Dialect(
        "a JSON body without a finish reason", ([Whole(_message_event({"content": TEXT}, None))],)
    ),
    "document-pretty": Dialect(
        "a JSON body of many lines",
        ([Whole(b"\xef\xbb\xbf\n\n" + json.dumps(_message_event({"content": TEXT}), indent=2).encode())],),
    ),
    "document-reasoning": Dialect(
        "a JSON body with reasoning",
        ([Whole(_message_event({"content": TEXT, "reasoning_content": "Hm."}))],),
        Outcome(reasoning="Hm."),
    ),
    "document-cut": Dialect(
        "a JSON body that is cut",
        ([Whole(_message_event({"content": "Half of "}, "length"))],),
        Outcome("Half of ", "failed", "limit"),
    ),
    "document-error": Dialect(
        "a JSON body with an error and status 200",
        ([Whole({"error": {"message": "out of cache blocks", "code": 500}})],),
        Outcome("", "failed", "out of cache blocks"),
    ),
    "document-lines": Dialect(
        "a JSON document a line",
        (
            [
                Whole(
                    b'{"message": {"role": "assistant", "content": "The figures "}, "done": false}\n'
                    b'{"message": {"role": "assistant", "content": "are in."}, "done": true, "done_reason": "stop"}\n',
                    kind="application/x-ndjson",
                )
            ],
        ),
    ),
    "document-list": Dialect(
        "a JSON body that is a list of chunks",
        ([Whole(b"[" + b",\n".join(each[6:].strip() for each in FINAL[:-1]) + b"]")],),
    ),
    "envelope": Dialect(
        "each chunk in an object around it",
        ([event({"data": {"choices": [{"delta": {"content": TEXT}, "finish_reason": "stop"}]}})],),
    ),
    "choices-second": Dialect(
        "the index 1 for the only choice", ([each.replace(b'"index": 0', b'"index": 1') for each in FINAL],)
    ),
    "text": Dialect(
        "text in the choice, as older endpoints have it",
        (
            [event({"choices": [{"index": 0, "text": each}]}) for each in ("The figures ", "are in.")]
            + [piece({}, "stop")],
        ),
    ),
    "choices": Dialect(
        "a second choice that nobody asked for",
        (
            [
                event(
                    {
                        "choices": [
                            {"index": 1, "delta": {"content": "Other "}},
                            {"index": 0, "delta": {"content": TEXT}},
                        ]
                    }
                ),
                event({"choices": [{"index": 1, "delta": {"content": "words"}, "finish_reason": "length"}]}),
                *FINAL[-2:],
            ],
        ),
    ),
    "think": Dialect(
        "reasoning between tags",
        (text_script(words("<think>\nHm.\n</think>\n\nHello")),),
        Outcome("Hello", reasoning="Hm."),
    ),
    "think-pieces": Dialect(
        "reasoning between tags, cut anywhere",
        (
            text_script(
                *map(words, ("\n<", "think", ">\nH", "m, ", "a < b.\n", "</thi", "nk", ">\n", "\nHel", "lo <think>"))
            ),
        ),
        Outcome("Hello <think>", reasoning="Hm, a < b."),
    ),
    "think-brackets": Dialect(
        "reasoning between tags in square brackets",
        (text_script(words("[THINK]Hm.[/TH"), words("INK]Hello [THINK]")),),
        Outcome("Hello [THINK]", reasoning="Hm."),
    ),
    "think-unclosed": Dialect(
        "reasoning that never ends",
        (text_script(words("<think>Hm, "), words("well")),),
        Outcome("", "failed", "only its reasoning", reasoning="Hm, well"),
    ),
    "think-empty": Dialect("empty reasoning", (text_script(words("<think>\n\n</think>\n\nHello")),), Outcome("Hello")),
    "think-within": Dialect(
        "a tag in the middle of the text",
        (text_script(words("Write "), words("<think>x</think>")),),
        Outcome("Write <think>x</think>"),
    ),
}
