"""Formulas: everything that KaTeX can draw, under the page's own content security policy."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.npm_packages import package
from tests.browser.user_actions import ask_and_wait
from tests.servers.parley import wanting

ROOT = Path(__file__).resolve().parent.parent.parent
DELIMITERS = ("(", ")", "[", "]", "|", "/", r"\{", r"\}", r"\|", r"\vert", r"\Vert", r"\langle", r"\rangle", r"\lfloor")
DELIMITERS += (
    r"\rfloor",
    r"\lceil",
    r"\rceil",
    r"\uparrow",
    r"\downarrow",
    r"\updownarrow",
    r"\Uparrow",
    r"\Downarrow",
)
DELIMITERS += (r"\Updownarrow", r"\lgroup", r"\rgroup", r"\lmoustache", r"\rmoustache", r"\backslash")
# Parts of others, and words of KaTeX's own programming; the last ones only write on the console.
NOT_DRAWN = {
    *(r"\begin", r"\end", r"\left", r"\middle", r"\right", r"\bgroup", r"\egroup", r"\cr", r"\hline", r"\hdashline"),
    *(r"\cdleftarrow", r"\cdrightarrow", r"\cdlongequal", r"\arraystretch", r"\d", r"\t", r"\x", r"\char", r"\verb"),
    *(r"\global", r"\long", r"\newcommand", r"\varcoppa", r"\htmlData", r"\message", r"\errmessage", r"\show"),
}
DRAW = """async (formulas) => {
  const main = document.querySelector("script[type=module]").src;
  const { drawFormula } = await import(new URL("../js/markdown/math.js", main).href);
  const place = document.querySelector("main");
  const undrawn = [];
  const breaches = [];
  document.addEventListener("securitypolicyviolation", (event) => breaches.push(event.violatedDirective));
  for (const [name, forms] of formulas) {
    let drawn = false;
    // The ways to use a command differ in what it is given, not in how it is drawn.
    for (const form of forms) {
      if (drawn) break;
      const element = document.createElement("span");
      element.className = "math-display";
      place.append(element);
      await drawFormula(element, `$$${form}$$`);
      drawn = element.classList.contains("rendered");
      element.remove();
    }
    if (!drawn) undrawn.push(name);
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { undrawn, breaches };
}"""


def commands() -> tuple[list[str], list[str]]:
    """Return KaTeX's commands and environments, from its source at the page's version."""
    katex = package("katex")
    version = json.loads((katex / "package.json").read_text())["version"]
    assert f"katex {version} " in (ROOT / "chat/web/static/vendor/VERSIONS").read_text()
    files = [*(katex / "src").glob("functions/*.ts"), *(katex / "src").glob("environments/*.ts")]
    files += [katex / "src" / name for name in ("macros.ts", "symbols.ts", "stretchy.ts", "delimiter.ts")]
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    names = {"\\" + name for name in re.findall(r'"\\\\([a-zA-Z]+)"', source)}
    environments = {
        name for listed in re.findall(r"names: \[([^\]\\]*)\]", source) for name in re.findall(r'"([\w*]+)"', listed)
    }
    return sorted(names), sorted(environments)


def forms(command: str) -> list[str]:
    """Return ways to use a command; at least one should be valid."""
    arguments = (
        "",
        "{abc}",
        "{a}{b}",
        "{a}{b}{c}{d}",
        "{red}{x}",
        "{1em}",
        "{2em}{1em}",
        "x",
        r"(x",
        "[b]{a}",
        "{2}{x}{y}",
    )
    arguments += ("{(}{)}{0pt}{1}{a}{b}",)
    return [f"a {command}{argument} b" for argument in arguments] + [rf"\text{{ {command}{{x}} }}", f"{{{command} x}}"]


def test_everything_that_katex_knows_is_drawn_without_a_breach_of_the_policy(window: Page) -> None:
    names, environments = commands()
    assert len(names) > 900
    assert len(environments) > 30
    formulas = [(name, forms(name)) for name in names if name not in NOT_DRAWN]
    formulas += [
        (name, [rf"\begin{{{name}}}{rest}\end{{{name}}}" for rest in ("a&b", "{cc}a&b", "{2}a&b", "a @>>> b", "{c}a")])
        for name in environments
    ]
    tall = r"\begin{matrix}a\\b\\c\\d\\e\\f\\g\end{matrix}"
    for delimiter in DELIMITERS:
        formulas += [
            (f"tall {delimiter}", [rf"\left{delimiter} {inner} \right{delimiter}"])
            for inner in ("x", r"\frac{a}{b}", tall)
        ]
        formulas += [(f"{size} {delimiter}", [f"{size}{delimiter}"]) for size in (r"\big", r"\Big", r"\bigg", r"\Bigg")]
    formulas += [("root", [rf"\sqrt[3]{{{inner}}}"]) for inner in ("x", r"\frac{a}{b}", r"\frac{\frac{a}{b}}{c}", tall)]
    drawn: dict[str, Any] = window.evaluate(DRAW, formulas)
    assert drawn["breaches"] == []
    assert drawn["undrawn"] == [], " ".join(drawn["undrawn"])


def test_arrows_brackets_and_roots_have_their_strokes(window: Page) -> None:
    tall = r"$\left\lfloor\begin{matrix}a\\b\\c\\d\\e\end{matrix}\right\rfloor$"
    formulas = [r"$\vec{F} = m\vec{a}$", r"$\sqrt{2}$", tall, r"$\overrightarrow{AB}$"]
    ask_and_wait(window, "Show " + wanting(text=" ".join(formulas), first=0, gap=0))
    drawn = window.locator("article.answer").last.locator(".math-inline.rendered")
    expect(drawn).to_have_count(4)
    for formula in drawn.all():
        strokes = formula.locator("svg path")
        assert strokes.count() > 0
        for stroke in strokes.all():
            assert stroke.evaluate("(path) => path.getTotalLength()") > 0
    # An arrow that lost its style is as wide as the whole line.
    arrow = drawn.first.locator("svg").first.bounding_box()
    letter = drawn.first.locator(".mord.mathnormal").first.bounding_box()
    assert arrow and letter
    assert arrow["width"] < 2 * letter["width"]


def test_a_formula_that_cannot_be_drawn_is_shown_as_it_was_written(window: Page) -> None:
    # In pieces: what was completed for the moment must not stay.
    text = r"Not $\notacommand{x}$ and \(\frac{a}\), $A = \pi$:" + "\n\n$$\n\\left( x\n$$\n\nEnd $x$."
    ask_and_wait(window, "Show " + wanting(text=text, first=0, gap=0.02))
    words = window.locator("article.answer").last.locator(".markdown")
    expect(words.locator(".rendered")).to_have_count(2)
    expect(words.locator(".katex-html").first).to_have_text("A=π")
    visible = words.inner_text()
    assert r"$\notacommand{x}$ and \(\frac{a}\)," in visible
    assert "$$\n\\left( x\n$$" in visible
