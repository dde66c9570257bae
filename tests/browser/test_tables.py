"""Tables of tools and models: words are not broken at any width; wide tables scroll in their frame."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.user_actions import ask, ask_and_wait, wait_until_finished
from tests.servers.parley import wanting

PROSE = "A sentence that is long enough to need several lines in any column, and that a reader has to be able to read."
MIXED = f"""| Country | Capital | Note | GDP | Growth | Inflation | Users |
| --- | --- | --- | ---: | ---: | ---: | ---: |
| China | Beijing | {PROSE} | 18.73 trillion US$ | 5.0 % | 0.2 % | 1,408 million |
| Liechtenstein | Vaduz | Internationalisation notwithstanding | 8 billion US$ | −0.1 % | 1.7 % | 40 thousand |
"""
WIDE = "\n".join(
    [
        "| " + " | ".join(f"Column {number}" for number in range(1, 15)) + " |",
        "|" + " --- |" * 14,
        *("| " + " | ".join(f"Bundesverfassungsgericht {row}" for row in range(14)) + " |" for _ in range(3)),
    ]
)
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
LONG_WORD = (
    f"| Word | Meaning |\n|---|---|\n| {WORD} | {PROSE} |\n| [the report](https://example.com/{'a' * 70}) | short |\n"
)
CHINESE = (
    "| 项目 | 说明 | 数值 |\n|---|---|---|\n"
    "| 国内生产总值 | 这是一个很长的说明文字，需要在单元格里分成几行显示，读者应该能阅读它。 | 18.7 万亿 |\n"
)
INSIDE = (
    "| H<sub>2</sub>O |  | [Link](https://example.com/) | Value[^1] |\n|---|---|---|---|\n"
    "| one<br>two | x<sup>2</sup> | c | 9 |\n| a | b | d | 10 |\n\n[^1]: A note.\n"
)

# Words that stand in more than one line, and heads of more than one: with their cell's width.
BROKEN = """(block) => {
  const broken = [];
  const walker = document.createTreeWalker(block.querySelector("table"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const { 0: word, index } of node.data.matchAll(/[\\p{L}\\p{N}.,%]+/gu)) {
      if (/\\p{Script=Han}/u.test(word)) continue;
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (tops.size > 1) broken.push(word);
    }
  }
  for (const head of block.querySelectorAll("thead tr")) {
    if (head.getBoundingClientRect().height > 34) broken.push(`head of ${head.getBoundingClientRect().height}`);
  }
  return broken;
}"""


def table_block(page: Page, text: str) -> Locator:
    ask_and_wait(page, "table " + wanting(text=text))
    return page.locator("article.answer").last.locator(".table-block")


@pytest.mark.parametrize("text", [MIXED, WIDE, LONG_WORD, CHINESE], ids=["mixed", "wide", "long word", "Chinese"])
def test_every_word_of_a_table_is_whole_at_every_width(window: Page, text: str) -> None:
    block = table_block(window, text)
    for width in (1440, 1280, 390, 320):
        window.set_viewport_size({"width": width, "height": 800})
        assert block.evaluate(BROKEN) == [], width
        frame = block.get_by_role("region", name="Table")
        assert window.evaluate("document.scrollingElement.scrollWidth") <= width
        scrolls, height = frame.evaluate("each => [each.scrollWidth > each.clientWidth, each.scrollHeight]")
        assert height < 600, width
        if scrolls:
            frame.focus()
            frame.press("End")
            window.keyboard.press("ArrowRight")
            window.wait_for_function("each => each.scrollLeft > 0", arg=frame.element_handle())


@pytest.mark.parametrize(("text", "stays"), [(MIXED, True), (LONG_WORD, False)], ids=["names", "a word too long"])
def test_the_first_column_stays_in_sight_where_it_is_narrow(window: Page, text: str, stays: bool) -> None:
    window.set_viewport_size({"width": 320, "height": 700})
    block = table_block(window, text)
    frame = block.get_by_role("region", name="Table")
    frame.evaluate("each => { each.scrollLeft = each.scrollWidth; }")
    left, edge = (each.evaluate("e => e.getBoundingClientRect().left") for each in (block.locator("td").first, frame))
    assert (left == edge) == stays


def test_chinese_columns_are_wider_than_a_letter(window: Page) -> None:
    window.set_viewport_size({"width": 320, "height": 700})
    widths = table_block(window, CHINESE).locator("tbody td").evaluate_all("all => all.map((each) => each.clientWidth)")
    assert min(widths) > 60


def test_heads_sort_unless_they_have_no_words_and_links_in_them_stay_links(window: Page) -> None:
    block = table_block(window, INSIDE)
    expect(block.locator("thead").get_by_role("button")).to_have_count(3)
    expect(block.locator("thead").get_by_role("link").first).to_have_attribute("href", "https://example.com/")
    assert block.locator("tbody td").first.evaluate("each => each.innerText") == "one\ntwo"
    assert block.locator("sub, sup").all_inner_texts() == ["2", "1", "2"]
    block.get_by_role("button", name="Value").click()
    block.get_by_role("button", name="Value").click()
    expect(block.locator("tbody td:last-child")).to_have_text(["10", "9"])
    block.get_by_role("button", name="Sort by Link").click()
    expect(block.locator("tbody td:nth-child(3)")).to_have_text(["c", "d"])
    block.get_by_role("link", name="Note 1").click()
    expect(window.locator(".notes li")).to_be_focused()


def test_rows_that_come_after_a_click_are_sorted_too(window: Page) -> None:
    sizes = ["5", "3", "9", "1", "7", "2"]
    text = "| Size |\n|---|\n" + "".join(f"| {number} |\n" for number in sizes)
    ask(window, "table " + wanting(text=text, gap=0.2))
    head = window.locator("article.answer").get_by_role("button", name="Size")
    head.click()
    cells = window.locator("article.answer tbody td")
    expect(cells).to_have_text(sorted(sizes))
    wait_until_finished(window)
    expect(cells).to_have_text(sorted(sizes))
    head.click()
    head.click()
    expect(cells).to_have_text(sizes)
