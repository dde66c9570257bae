"""Texts of users, models and tools that try to run code or to send data away: none succeeds.

A canary server listens beside Parley. Whatever loads anything from it, without a user's click, has given the page's
content away: the address could have carried it. Dialogs, words on the console and breaches of the policy fail, too.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.browser.user_actions import ask, user_of, wait_until_finished
from tests.servers.parley import ParleyServer, wanting

# CANARY stands for the canary server's address, PWN for a script.
CORPUS = [
    "<script>PWN</script>",
    "<script src='CANARY/s.js'></script>",
    "<img src=x onerror=PWN>",
    "<img src='CANARY/i.png' srcset='CANARY/s1.png 1x, CANARY/s2.png 2x'>",
    "<picture><source srcset='CANARY/p.png'><img></picture>",
    "<svg onload=PWN><image href='CANARY/svg.png'/><use href='CANARY/u.svg#a'/></svg>",
    "<svg><animate onbegin=PWN attributeName=x dur=1s></svg>",
    "<svg><a><animate attributeName=href values=javascript:PWN /><text x=20 y=20>x</text></a></svg>",
    "<iframe src='CANARY/f'></iframe><iframe srcdoc='<script>PWN</script>'></iframe>",
    "<object data='CANARY/o'></object><embed src='CANARY/e'>",
    "<video poster='CANARY/v.png'><source src='CANARY/v.mp4'></video><audio src='CANARY/a.mp3' autoplay></audio>",
    "<link rel=stylesheet href='CANARY/l.css'><link rel=prefetch href='CANARY/l'>",
    "<style>@import 'CANARY/st.css';</style>",
    "<p style=\"background:url('CANARY/bg.png')\">x</p><table background='CANARY/tb.png'><tr><td>x</table>",
    "<base href='CANARY/'><meta http-equiv=refresh content='0;url=CANARY/m'>",
    "<form action='CANARY/form'><input type=image src='CANARY/in.png'></form>",
    "<form><button formaction=javascript:PWN>x</button></form>",
    "<details open ontoggle=PWN><summary>x</summary></details><body onload=PWN><input autofocus onfocus=PWN>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=PWN&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=PWN>'>",
    "<a href='javascript:PWN' ping='CANARY/ping'>x</a><a href='data:text/html,<script>PWN</script>'>y</a>",
    "[a](javascript:PWN) [b](JaVaScRiPt:PWN) [c](javascript&colon;PWN)",
    "[d](&#106;avascript:PWN) [e](\x01javascript:PWN)",
    "[f](data:text/html;base64,PHNjcmlwdD5QV048L3NjcmlwdD4=) [g](vbscript:PWN) [h](file:///etc/passwd) [i](blob:x)",
    "<javascript:PWN> <data:text/html,x> [ref][r] ![ref][s]\n\n[r]: javascript:PWN\n[s]: CANARY/ref.png",
    "![a](CANARY/image.png) ![b](CANARY/q.png?told=everything 'title') [![c](CANARY/in-link.png)](CANARY/link)",
    '![x"onerror="PWN](CANARY/x"onerror="PWN) [x"onclick="PWN](https://example.org/"onclick="PWN)',
    "| ![t](CANARY/cell.png) | <img src=CANARY/cell2.png onerror=PWN> |\n| --- | --- |\n| [j](javascript:PWN) | x |",
    "```html\n<img src=x onerror=PWN></code></pre><script>PWN</script>\n```",
    '```"><img/src=x/onerror=PWN>\nx\n```\n\n```js onload=PWN\n`${PWN}`; // </span><img src=x onerror=PWN>\n```',
    "`</code><img src=x onerror=PWN>` ~~<s onmouseover=PWN>~~ **<b onclick=PWN>x</b>**",
    "$\\href{javascript:PWN}{x}$ $\\url{javascript:PWN}$ $\\includegraphics{CANARY/tex.png}$",
    "$\\htmlStyle{background:url(CANARY/style.png)}{x}$ $\\htmlData{a=b}{x}$",
    "$\\htmlId{app}{x}$ $\\htmlClass{answer}{x}$",
    "$$\n\\text{<img src=x onerror=PWN>} \\notacommand{<img src=x onerror=PWN>}\n$$\n\n\\(<img src=x onerror=PWN>\\)",
    "$\\def\\a{\\a\\a}\\a$ $\\rule{99999em}{99999em}$ $\\kern{9999999em} x$ $" + "{" * 400 + "$",
    "\u202ehttps://good.example\u202c <https://good.example@CANARY_HOST/> [https://good.example](CANARY/lie)",
    "<x-app id=app></x-app><div id=message-field name=body></div><img name=getElementById><form id=documentElement>",
    "\x00\x1b[31m\ufeff\u2028</title></textarea></template><!-- --!><img src=x onerror=PWN>",
    "> - > 1. <img src=x onerror=PWN>\n>   ```\n>   </pre><script>PWN</script>",
]

# What no message may have in it, whoever wrote it.
FORBIDDEN = ", ".join(
    [
        *("script", "iframe", "img", "picture", "object", "embed", "style", "link", "meta", "base", "video", "audio"),
        *("source", "form:not(.editor)", "input", "template", "noscript", "animate", "use", "image", "foreignObject"),
        *("[srcset]", "[src]", "[ping]", "[background]", "[formaction]", "[id=app]", "[id=message-field]"),
        *(
            "a[href^='javascript' i]",
            "a[href^='data' i]",
            "a[href^='vbscript' i]",
            "a[href^='file' i]",
            "a[href^='blob' i]",
        ),
        *("[style*='url' i]", ".answer .answer"),
    ]
)
FIND = """(forbidden) => {
  const place = document.querySelector(".messages");
  const wrong = [...place.querySelectorAll(forbidden)].map((each) => each.outerHTML);
  for (const each of place.querySelectorAll("*")) {
    for (const { name } of each.attributes) if (name.startsWith("on")) wrong.push(each.outerHTML);
  }
  for (const link of place.querySelectorAll("a[href]")) {
    const kept = ["noopener", "noreferrer"].every((word) => link.relList.contains(word));
    if (!kept || link.target !== "_blank") wrong.push(link.outerHTML);
  }
  return wrong.map((each) => each.slice(0, 300));
}"""


class Canary(ThreadingHTTPServer):
    """Records all requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.visits: list[str] = []
        self.host = f"127.0.0.1:{self.server_port}"


class _Visit(BaseHTTPRequestHandler):
    server: Canary

    def do_GET(self) -> None:
        self.server.visits.append(self.path)
        self.send_response(204)
        self.end_headers()

    do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - the library names them so

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def canary() -> Iterator[Canary]:
    with Canary() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
        assert server.visits == []


@pytest.fixture
def corpus(canary: Canary) -> list[str]:
    def armed(piece: str) -> str:
        address = f"http://{canary.host}"
        return (
            piece.replace("CANARY_HOST", canary.host)
            .replace("CANARY", address)
            .replace("PWN", "alert(document.cookie)")
        )

    return [armed(piece) for piece in CORPUS]


def watched(page: Page) -> Page:
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    page.on("popup", lambda popup: pytest.fail(f"a window: {popup.url}"))
    return page


def nothing_got_through(page: Page) -> None:
    assert page.evaluate(FIND, FORBIDDEN) == []
    assert page.evaluate(
        "() => typeof document.getElementById + document.querySelectorAll('#message-field').length"
    ) == ("function1")


def test_what_is_stored_is_inert_wherever_it_is_shown(
    window: Page, chat_server: ParleyServer, corpus: list[str]
) -> None:
    watched(window)
    window.goto(stored(chat_server, window, corpus))
    expect(window.locator("article.answer")).to_have_count(25)
    window.locator(".scroller").evaluate("(each) => (each.scrollTop = 0)")
    expect(window.locator("article.answer")).to_have_count(len(corpus))
    expect(window.locator(".markdown:empty")).to_have_count(0)
    # Everything that opens is opened: what is only made then is looked at, too.
    window.evaluate("() => document.querySelectorAll('.messages details').forEach((each) => (each.open = true))")
    expect(window.locator(".tool dl")).to_have_count(len(corpus))
    window.evaluate("() => document.querySelectorAll('.messages details').forEach((each) => (each.open = true))")
    expect(window.locator(".katex-error")).to_have_count(0)
    expect(window.locator(".hljs-tag").first).to_be_attached()
    nothing_got_through(window)
    expect(window.locator("article.question").first).to_contain_text(corpus[0])


def stored(server: ParleyServer, page: Page, corpus: list[str]) -> str:
    """Write a conversation of hostile texts directly into the database, without validation. Return its address."""
    user = user_of(page, server)
    conversation = user.conversation()
    with closing(sqlite3.connect(server.folder / "chat.db")) as database, database:
        parent = None
        for piece in corpus:
            question_id = _insert(database, "messages", _message(conversation, parent, "user", piece))
            parent = _insert(database, "messages", _message(conversation, question_id, "assistant", piece))
            _insert(database, "tool_calls", _tool_call(parent, piece))
            _insert(database, "turns", _turn(conversation, question_id, parent, piece))
        database.execute(
            "UPDATE conversations SET head_id = ?, title = ? WHERE id = ?", (parent, " ".join(corpus), conversation)
        )
    return f"{server.url}/c/{conversation}"


def _insert(database: sqlite3.Connection, table: str, row: dict[str, object]) -> int:
    places = ", ".join("?" * len(row))
    cursor = database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))
    return int(cursor.lastrowid or 0)


def _message(conversation: int, parent: int | None, role: str, text: str) -> dict[str, object]:
    reasoning = text if role == "assistant" else ""
    return {
        "conversation_id": conversation,
        "parent_id": parent,
        "role": role,
        "text": text,
        "reasoning": reasoning,
        "created_at": 0,
    }


def _tool_call(message: int, piece: str) -> dict[str, object]:
    series = [{"name": piece, "points": [["2020", 1], ["2021", 2], [piece, 3]]}]
    data = {
        "title": piece,
        "note": piece,
        "tables": [{"title": piece, "columns": [piece, "b"], "rows": [[piece, piece]]}],
        "charts": [{"title": piece, "unit": piece, "kind": "line", "x": "year", "series": series}],
        "sources": [
            {"name": piece, "url": "javascript:alert(1)", "updated": piece, "retrieved": piece},
            {"name": piece, "url": piece, "updated": None, "retrieved": None},
        ],
    }
    return {
        "message_id": message,
        "position": 0,
        "step": 0,
        "text_offset": 0,
        "call_id": "c",
        "name": piece,
        "arguments": piece,
        "label": piece,
        "ok": 1,
        "summary": piece,
        "content": piece,
        "data": json.dumps(data),
        "duration_ms": 1,
    }


def _turn(conversation: int, question_id: int, message: int, piece: str) -> dict[str, object]:
    return {
        "conversation_id": conversation,
        "user_message_id": question_id,
        "message_id": message,
        "status": "failed",
        "model": piece,
        "mode": "async",
        "worker": "w",
        "marks": "[]",
        "error_code": "x",
        "error_message": piece,
        "error_retryable": 1,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "started_at": 0,
        "ended_at": 1,
        "lease_until": 0,
    }


@pytest.mark.parametrize("split", [0, 5])
def test_what_is_streamed_is_inert_at_every_moment(window: Page, corpus: list[str], split: int) -> None:
    """Return the page's content while the answer grows; with `split`, cut within characters."""
    watched(window)
    # A fence that one piece leaves open would make the next one harmless.
    for part in (corpus[:20], corpus[20:31], corpus[31:]):
        text = "\n\n```\n```\n\n".join(part)
        ask(window, "Write " + wanting(text=text, first=0, gap=0.002, split=split))
        wait_until_finished(window)
        nothing_got_through(window)
        window.goto(window.url)


def test_a_hostile_title_is_words_in_the_list_the_head_and_the_tab(window: Page, corpus: list[str]) -> None:
    watched(window)
    ask(window, corpus[2] + corpus[5])
    wait_until_finished(window)
    expect(window.locator("h1")).to_contain_text("<img src=x onerror=")
    expect(window.locator("nav.history")).to_contain_text("<img src=x onerror=")
    assert window.title().startswith("<img src=x onerror=")
    assert window.locator("main img, nav img, nav script, main script").count() == 0
