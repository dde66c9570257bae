"""Plain text of a Markdown text, in one line, for a snippet. The page does the rendering.

Every step takes linear time, for any input.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
# A block quote, then the marker of a heading or a list item.
_LEAD = re.compile(r"[ \t>]*(?:#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?)?")
# A thematic break, or the line under a table head or a heading.
_RULE = re.compile(r"[ \t>]*[-=*_:|][-=*_:| \t]*")
_TOKEN = re.compile(
    r"""
    (?<!`)(?P<ticks>`+)(?!`)(?P<code>.{0,1000}?)(?<!`)(?P=ticks)(?!`)
    | \\(?=[!-/:-@\[-`{-~])(?P<escaped>.)
    | <(?P<address>https?://[^<>\s]+)>
    | (?P<emphasis>\*+|_+|~~)
    | (?P<opening>!?\[)
    | \](?P<target>\((?:[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\)|\[[^\[\]]*\])?
    """,
    re.VERBOSE | re.DOTALL,
)
_TEXT_GROUPS = ("code", "escaped", "address")


def plain_text(markdown: str) -> str:
    """Return the words in one line with single spaces. Code stays unchanged; links and images keep their text."""
    return " ".join(" ".join(_passages(markdown)).split())


def _passages(markdown: str) -> Iterator[str]:
    """Yield code line by line, and the passages between, over which emphasis can span lines."""
    passage: list[str] = []
    fence = ""
    for line in markdown.splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence):
                fence = ""
            else:
                yield line
            continue
        words = "" if mark or _RULE.fullmatch(line) else _without_lead(line)
        if not words:
            yield _inline("\n".join(passage))
            passage = []
        else:
            passage.append(words)
        if mark:
            fence = mark[1]
    yield _inline("\n".join(passage))


def _without_lead(line: str) -> str:
    lead = _LEAD.match(line)
    words = line[lead.end() :].strip() if lead else line
    return re.sub(r"(?<!\\)\|", " ", words) if words.startswith("|") else words


def _inline(text: str) -> str:
    """Remove the syntax of emphasis, code, links and images. Unmatched characters stay."""
    cuts: list[tuple[int, int]] = []
    brackets: list[tuple[int, int]] = []
    runs: dict[str, list[list[int]]] = defaultdict(list)
    for token in _TOKEN.finditer(text):
        group = next((name for name in _TEXT_GROUPS if token[name] is not None), None)
        if group:
            cuts += [(token.start(), token.start(group)), (token.end(group), token.end())]
        elif token["emphasis"]:
            cuts += _emphasis(text, token.start(), token.end(), runs[token[0][0]])
        elif token["opening"]:
            brackets.append(token.span())
        elif brackets:
            opening = brackets.pop()
            if token["target"]:
                cuts += [opening, token.span()]
    return _without(text, sorted(cuts))


def _emphasis(text: str, begin: int, end: int, opened: list[list[int]]) -> list[tuple[int, int]]:
    """Return the cuts for a run of emphasis characters that closes runs in `opened` (begin and end of each).

    The rest of the run is appended to `opened` if it can open emphasis.
    """
    cuts = []
    before, after = text[begin - 1 : begin] or " ", text[end : end + 1] or " "
    within_word = text[begin] == "_" and before.isalnum() and after.isalnum()
    while begin < end and opened and not before.isspace() and not within_word:
        run = opened[-1]
        signs = min(end - begin, run[1] - run[0])
        cuts += [(run[1] - signs, run[1]), (begin, begin + signs)]
        run[1] -= signs
        begin += signs
        if run[0] == run[1]:
            opened.pop()
    if begin < end and not after.isspace() and not within_word:
        opened.append([begin, end])
    return cuts


def _without(text: str, cuts: list[tuple[int, int]]) -> str:
    parts, last = [], 0
    for begin, end in cuts:
        parts.append(text[last:begin])
        last = max(last, end)
    return "".join(parts) + text[last:]
