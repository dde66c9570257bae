"""An answer while it is written and after: text, code, tables, formulas, charts, tool calls."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.user_actions import ask, ask_and_wait, copy_answer, wait_until_finished
from tests.servers.parley import wanting

CHINA = ("market_data", {"country": "China"})
RICH = """A **bold word**, some `inline code` and a [link](https://data.worldbank.org/china).

| Economy | GDP | **Growth** |
| --- | ---: | ---: |
| China | 18.7 trillion | 5.0 % |
| India | 3.9 trillion | 6.5 % |
| Brazil | 2.2 trillion | 3.4 % |

```python
def convert(amount: float) -> float:
    return round(amount * 1.08, 2)  # a comment that is much too long for the width of the column, so that it scrolls
```

It grows by $(1 + g)^n - 1$ a year, for $5 to $10:

$$
PV = \\sum_{t=1}^{n} \\frac{C_t}{(1 + r)^t}
$$

- one **item**
- two
"""

# Notes every text the page shows, and when an element that stood was replaced or moved.
WATCH = """() => {
  const place = document.querySelector(".messages");
  globalThis.watched = { texts: [], lost: 0, tops: new Map() };
  const look = () => {
    const words = [...document.querySelectorAll("article.answer")].at(-1)?.querySelector(".markdown");
    if (!words) return;
    const shown = words.cloneNode(true);
    for (const each of shown.querySelectorAll("pre, .math-inline, .math-display, button")) each.remove();
    watched.texts.push(shown.textContent);
    const blocks = [...words.children].slice(0, -1);
    const from = words.getBoundingClientRect().top;
    const topOf = (block) => block.getBoundingClientRect().top - from;
    for (const [block, top] of watched.tops) {
      if (!block.isConnected) watched.lost += 1;
      else if (Math.abs(topOf(block) - top) > 1) watched.moved = [top, topOf(block), block.outerHTML];
    }
    for (const block of blocks) watched.tops.set(block, topOf(block));
  };
  new MutationObserver(look).observe(place, { childList: true, subtree: true, characterData: true });
}"""

# An element as text, its attributes in one order.
OUTLINE = """function outline(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.data;
  const attributes = [...node.attributes].map(({ name, value }) => `${name}=${value}`).sort();
  return `<${node.nodeName} ${attributes.join(" ")}>${[...node.childNodes].map(outline).join("")}</>`;
}"""


def answer(page: Page) -> Locator:
    return page.locator("article.answer").last


def answer_with(page: Page, text: str = RICH) -> Locator:
    """Return a complete answer with that text."""
    ask_and_wait(page, "Tell me " + wanting(text=text, first=0, gap=0))
    return answer(page)


def test_words_are_shown_as_what_they_become_and_what_stands_stays(window: Page) -> None:
    expect(window.locator("#message-field")).to_be_focused()
    ask(window, "Hello " + wanting(text="Hi."))
    wait_until_finished(window)
    window.evaluate(WATCH)
    ask(window, "Tell me " + wanting(text=RICH, first=0.1, gap=0.04))
    wait_until_finished(window)
    watched = window.evaluate("() => watched")
    answers = [text for text in watched["texts"] if not text.startswith("Hi.")]
    assert len(answers) > 10
    marks = re.compile(r"\*\*|`|\]\(|\|\s*-{3}|\$\$|^\||\\frac")
    assert [text for text in answers if marks.search(text)] == []
    assert watched["lost"] == 0
    assert "moved" not in watched, watched["moved"]


def test_the_answer_at_its_end_is_the_one_that_a_reload_shows(window: Page) -> None:
    ask(window, "Tell me " + wanting(text=RICH, first=0.1, gap=0.005))
    wait_until_finished(window)
    expect(answer(window).locator(".math-display .katex")).to_be_visible()
    expect(answer(window).locator("code .hljs-comment")).to_contain_text("so that it scrolls")
    written = answer(window).locator(".markdown").evaluate(OUTLINE)
    window.reload()
    expect(answer(window).locator(".math-display .katex")).to_be_visible()
    expect(answer(window).locator("code .hljs-keyword").first).to_have_text("def")
    assert answer(window).locator(".markdown").evaluate(OUTLINE) == written


def test_code_has_its_language_and_is_copied_and_wrapped(window: Page) -> None:
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block = answer_with(window).locator(".code-block")
    expect(block.locator(".code-language")).to_have_text("python")
    expect(block.locator("code .hljs-keyword").first).to_have_text("def")
    block.get_by_role("button", name="Copy code").click()
    expect(block.get_by_role("button", name="Copied")).to_be_visible()
    assert window.evaluate("navigator.clipboard.readText()").startswith("def convert(amount: float) -> float:\n    ret")
    pre = block.locator("pre")
    assert pre.evaluate("each => each.scrollWidth > each.clientWidth")
    block.get_by_role("button", name="Wrap lines").press("Enter")
    expect(block.get_by_role("button", name="Wrap lines")).to_have_attribute("aria-pressed", "true")
    assert pre.evaluate("each => each.scrollWidth <= each.clientWidth")


def test_a_table_is_sorted_copied_and_saved(window: Page, tmp_path: Path) -> None:
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block = answer_with(window, f"{RICH}\nA [link](https://example.com/a)[^1].\n\n[^1]: Note.").locator(".table-block")
    firsts = block.locator("tbody td:first-child")
    growth = block.get_by_role("button", name="Growth")
    growth.click()
    expect(firsts).to_have_text(["Brazil", "China", "India"])
    expect(block.locator("th", has_text="Growth")).to_have_attribute("aria-sort", "ascending")
    growth.click()
    expect(firsts).to_have_text(["India", "China", "Brazil"])
    growth.click()
    expect(firsts).to_have_text(["China", "India", "Brazil"])
    block.get_by_role("button", name="Copy table").click()
    expect(block.get_by_role("button", name="Copied")).to_be_visible()
    assert window.evaluate("navigator.clipboard.readText()").splitlines()[1] == "China\t18.7 trillion\t5.0 %"
    with window.expect_download() as saving:
        block.get_by_role("button", name="Download as CSV").click()
    rows = saved_rows(saving.value.path())
    assert rows[0] == ["Economy", "GDP", "Unit", "Growth", "Unit"]
    assert rows[2] == ["India", "3.9", "trillion", "6.5", "%"]
    copied = copy_answer(window)["html"]
    assert ">Economy</th>" in copied
    for gone in ("<button", "#text-", "↩", "example.com<"):
        assert gone not in copied


def saved_rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_formulas_are_drawn_and_money_is_not(window: Page) -> None:
    article = answer_with(window)
    expect(article.locator(".math-inline .katex-html")).to_have_count(1)
    expect(article.locator(".math-display .katex-html")).to_be_visible()
    # For those who listen, the formula is there as MathML.
    assert article.locator(".math-display math msubsup, .math-display math munderover").count() > 0
    expect(article.locator("p", has_text="It grows by")).to_contain_text("for $5 to $10")


def test_nothing_is_fetched_for_plain_words(window: Page) -> None:
    fetched: list[str] = []
    window.on("request", lambda request: fetched.append(request.url))
    answer_with(window, "Just **words**.")
    assert [url for url in fetched if "katex" in url or "highlight" in url] == []


def test_links_say_where_they_go_and_give_nothing_away(window: Page) -> None:
    article = answer_with(
        window,
        "[a bank](https://data.worldbank.org/x), https://www.ecb.europa.eu/y, "
        "[www.ecb.europa.eu](https://evil.example), "
        "![picture](https://canary.example/p.png)",
    )
    links = article.locator(".markdown a")
    expect(links).to_have_text(
        [
            "a bank data.worldbank.org",
            "https://www.ecb.europa.eu/y",
            "www.ecb.europa.eu evil.example",
            "Image: picture canary.example",
        ]
    )
    for link in links.all():
        assert set((link.get_attribute("rel") or "").split()) >= {"noopener", "noreferrer"}
        assert link.get_attribute("target") == "_blank"
    expect(article.locator("img")).to_have_count(0)


def test_a_tool_call_is_one_line_and_opens_to_what_was_asked_and_found(window: Page) -> None:
    ask_and_wait(window, "China " + wanting(tool=[CHINA], text="There."))
    line = answer(window).locator(".tool summary").first
    expect(line).to_contain_text("China: GDP")
    details = answer(window).locator(".tool dl").first
    expect(details).to_have_count(0)
    line.focus()
    line.press("Enter")
    expect(details).to_contain_text("market_data")
    expect(details).to_contain_text('"country": "China"')
    expect(details.locator("dt", has_text="Took")).to_be_visible()
    assert line.evaluate("each => each.getBoundingClientRect().height") < 60


def test_figures_are_drawn_read_and_kept(window: Page) -> None:
    ask_and_wait(window, "China " + wanting(tool=[CHINA], text="There."))
    result = answer(window).locator("figure.result")
    expect(result.locator("table").first).to_contain_text("GDP (current US$)")
    expect(result.locator(".sources")).to_contain_text("World Bank")
    chart = result.locator(".chart", has_text="GDP growth").first
    plot = chart.get_by_role("img")
    plot.scroll_into_view_if_needed()
    latest = chart.locator(".legend").inner_text()
    box = plot.bounding_box()
    assert box
    window.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(chart.locator(".legend")).not_to_have_text(latest)
    # The same by keys, and heard.
    plot.focus()
    plot.press("Home")
    first = chart.locator(".legend .date").inner_text()
    assert re.fullmatch(r"\d{4}", first)
    expect(plot).to_have_attribute("aria-label", re.compile(rf"^{first}: China -?\d"))
    chart.get_by_text("Figures as a table").click()
    expect(chart.locator("table tbody tr").first).to_be_visible()
    with window.expect_download() as saving:
        chart.get_by_role("button", name="as PNG").click()
    assert saving.value.suggested_filename.startswith("GDP-growth")
    assert saving.value.path().read_bytes().startswith(b"\x89PNG")
    with window.expect_download() as saving:
        chart.get_by_role("button", name="Download the figures").click()
    rows = saved_rows(saving.value.path())
    assert rows[0] == ["Year", "China", "Unit", "Source"]
    assert all(re.fullmatch(r"\d{4}", row[0]) and row[2] == "%" for row in rows[1:])
    assert rows[-1][3].startswith("Source: World Bank")


def test_reasoning_stays_closed_until_it_is_asked_for(window: Page) -> None:
    ask_and_wait(window, "Think " + wanting(reasoning=30, text="Thought."))
    reasoning = answer(window).locator("details.reasoning")
    expect(reasoning).not_to_have_attribute("open", "")
    expect(answer(window).locator(".markdown")).to_have_text("Thought.")
    reasoning.locator("summary").press("Enter")
    expect(reasoning.locator("p")).to_contain_text("opened(2) quietly(3)")


@pytest.mark.parametrize("cut", [1, 3])
def test_bytes_may_arrive_in_any_pieces(window: Page, cut: int) -> None:
    article = answer_with(window, "Zürich — 東京 😀 **fett**. " + "x" * cut)
    expect(article.locator("strong")).to_have_text("fett")
    ask_and_wait(window, "Again " + wanting(text="Zürich 東京 😀 **fett**", split=cut, first=0, gap=0))
    expect(answer(window).locator(".markdown")).to_have_text("Zürich 東京 😀 fett")
