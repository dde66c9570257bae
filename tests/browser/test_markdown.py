"""Markdown in the page: footnotes, links that are defined later, right-to-left text, HTML as text."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.user_actions import ask, ask_and_wait, wait_until_finished
from tests.servers.parley import wanting

LATE = """See [the report][1] and a claim[^1], again[^1].

Second paragraph, with [another][b].

| x | y |
| --- | --- |
| a[^2] | one<br>two |

- item [the report][1]
- last

[1]: https://example.com/report/2026
[b]: https://example.com/b

[^1]: The **first** note.

    With a second paragraph.
[^2]: https://example.org/path

End."""
ARABIC = """## نمو الاقتصاد في 2024

نما الاقتصاد بنسبة 5.0% في عام 2024، وفق World Bank.

- البند الأول: 3.9 تريليون دولار.
- البند الثاني

> اقتباس

| البلد | النمو |
| --- | --- |
| الهند | -6.5% |

OpenAI היא חברה אמריקאית שנוסדה בשנת 2015.

An English paragraph.
"""
HOSTILE = [
    "Wrap it in a <pre> tag, for example List<String, int> are shown",
    "Use <code>if (a<b && c>d) return;</code> and <kbd>Ctrl</kbd>",
    "<script>let a = 1 < 2 && 3 > 2;</script> and **more**",
    "<!-- a comment --> then <![CDATA[ data ]]> then <?php echo 1; ?>",
]
# Their last rows decide the direction, or whether the first column stays in view.
TABLES = [
    "| A | B |\n| --- | --- |\n| x | y |\n" + "| الصين والهند | نص ٦٫٥٪ |\n| 12 | ٦٫٥٪ |\n" * 4,
    "| A | B |\n| --- | --- |\n" + "| x | y |\n" * 6 + "| a_first_cell_with_many_letters_in_one_word | y |\n",
]
GROW = """async (text) => {
  const main = document.querySelector("script[type=module]").src;
  const { GrowingText } = await import(new URL("../js/markdown/growing-text.js", main).href);
  const sorted = (tag) => [/^\\w+/.exec(tag)[0], ...tag.match(/[\\w-]+="[^"]*"/g).sort()].join(" ");
  const outline = (element) =>
    element.innerHTML.replace(/text-\\d+-/g, "").replace(/(?<=<)(\\w+(?: [\\w-]+="[^"]*")+)/g, sorted);
  const shown = (parts) => {
    const element = document.createElement("div");
    const place = new GrowingText(element);
    parts.forEach((part, index) => place.show(part, index < parts.length - 1));
    return outline(element);
  };
  const ends = (size) => Array.from({ length: Math.ceil(text.length / size) }, (_, n) => (n + 1) * size);
  const pieces = (size) => ends(size).map((end) => text.slice(0, end));
  return [1, 3, 7, 21].filter((size) => shown([...pieces(size), text]) !== shown([text]));
}"""


BROKEN = """async (text) => {
  const main = document.querySelector("script[type=module]").src;
  const { GrowingText } = await import(new URL("../js/markdown/growing-text.js", main).href);
  const element = document.createElement("div");
  const place = new GrowingText(element);
  const [search, write] = [DocumentFragment.prototype.querySelectorAll, console.error];
  const reports = [];
  console.error = (error) => reports.push(error.message);
  DocumentFragment.prototype.querySelectorAll = () => { throw new Error("broken"); };
  place.show(text, true);
  Object.assign(console, { error: write });
  DocumentFragment.prototype.querySelectorAll = search;
  const source = element.textContent;
  place.show(`${text}!`);
  return [source, element.textContent.trim(), reports];
}"""


def words(page: Page) -> Locator:
    return page.locator("article.answer").last.locator(".markdown")


def answer_to(page: Page, text: str, question: str = "Tell me ") -> Locator:
    ask_and_wait(page, question + wanting(text=text, first=0, gap=0))
    return words(page)


def test_a_text_in_pieces_makes_the_same_elements_as_at_once(window: Page) -> None:
    for text in (LATE, ARABIC, *HOSTILE, *TABLES):
        assert window.evaluate(GROW, text) == [], text


def test_an_answer_that_cannot_be_drawn_is_shown_as_it_was_written(window: Page) -> None:
    assert window.evaluate(BROKEN, "A **fault**\nhere") == ["A **fault**\nhere", "A fault\nhere!", ["broken"]]


def test_links_and_notes_that_are_defined_late_work_without_a_reload(window: Page) -> None:
    ask(window, "Tell me " + wanting(text=LATE, first=0, gap=0.01))
    wait_until_finished(window)
    links = words(window).get_by_role("link", name="the report")
    expect(links).to_have_count(2)
    for link in links.all():
        assert link.get_attribute("href") == "https://example.com/report/2026"
    expect(words(window).locator(".notes > ol > li")).to_have_count(2)
    # The notes are the end of the answer.
    assert words(window).locator("> :last-child").get_attribute("class") == "notes"


def test_a_note_and_its_place_lead_to_each_other(window: Page) -> None:
    answer_to(window, LATE)
    answer = answer_to(window, LATE)
    address = window.url
    references = answer.locator("sup a")
    expect(references).to_have_text(["1", "1", "2"])
    references.first.click()
    note = answer.locator(".notes li").first
    expect(note).to_be_focused()
    back = note.get_by_role("link", name="Back from note 1")
    expect(back).to_have_count(2)
    back.last.press("Enter")
    expect(references.nth(1)).to_be_focused()
    assert window.url == address
    ids: list[str] = window.evaluate("() => [...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("text", HOSTILE)
def test_tags_that_a_model_writes_are_seen_as_text(window: Page, text: str) -> None:
    answer = answer_to(window, text)
    expect(answer).to_have_text(text.replace("**", ""))
    expect(answer.locator("pre, code, kbd, script")).to_have_count(0)


def side(place: Locator) -> dict[str, Any]:
    """Return the side on which a block's text begins: left or right."""
    outcome: dict[str, Any] = place.evaluate(
        """(element) => {
          const { direction, textAlign, listStyleType } = getComputedStyle(element);
          const range = document.createRange();
          range.selectNodeContents(element);
          const [words, box] = [range.getBoundingClientRect(), element.parentElement.getBoundingClientRect()];
          return { direction, textAlign, gap: box.right - words.right - (words.left - box.left) };
        }"""
    )
    return outcome


@pytest.mark.parametrize("width", [1280, 320])
def test_right_to_left_words_begin_at_the_right(window: Page, width: int) -> None:
    window.set_viewport_size({"width": width, "height": 900})
    answer = answer_to(window, ARABIC, "نما الاقتصاد بنسبة 5.0% في عام 2024، وفق World Bank. ")
    for block in ("h3", "p >> nth=0", "li >> nth=0", "blockquote p", "p:has-text('OpenAI')"):
        actual = side(answer.locator(block).first)
        assert actual["direction"] == "rtl", block
    assert side(answer.locator("p", has_text="An English"))["direction"] == "ltr"
    assert side(window.locator("article.question p").last)["direction"] == "rtl"
    # The first column is the one at the right; a figure keeps its sign in front.
    first, second = (answer.locator("tbody td").nth(index).bounding_box() for index in (0, 1))
    assert first and second
    assert first["x"] > second["x"]
    assert side(answer.locator("tbody td").nth(1))["direction"] == "ltr"
    # The quote's line and the bullets stand at the right; nothing is wider than the page.
    line = answer.locator("blockquote").evaluate("(each) => getComputedStyle(each).borderRightWidth")
    assert line == "3px"
    item = answer.locator("li").first.evaluate("(each) => getComputedStyle(each).marginRight")
    assert item == "24px"
    assert window.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_code_and_formulas_stay_left_to_right_in_right_to_left_words(window: Page) -> None:
    answer = answer_to(window, "הקוד `print(x)` והנוסחה $x^2$ בתוך משפט.\n\n```python\nprint(1)\n```")
    for place in (answer.locator("p code"), answer.locator("pre code"), answer.locator(".math-inline")):
        assert place.evaluate("(each) => getComputedStyle(each).direction") == "ltr"
