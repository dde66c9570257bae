"""Plain text of Markdown."""

from __future__ import annotations

import pytest

from chat.store.plain_text import plain_text


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("", ""),
        ("**A comparison:** of three", "A comparison: of three"),
        ("*one* __two__ _three_ ***four*** ~~five~~", "one two three four five"),
        ("**bold with *both* in it** and **more *at the end***", "bold with both in it and more at the end"),
        ("over **two\nlines** of it", "over two lines of it"),
        ("## A heading\n\nWords\n=====\nMore", "A heading Words More"),
        ("- one\n* two\n+ three\n  - [x] four\n1. five", "one two three four 1. five"),
        ("> a quotation\n> > within **another**", "a quotation within another"),
        ("a [link](https://example.org/a_(b) \"title\") and [one][ref]", "a link and one"),
        ("![a **picture**](x.png) [![inside](y.png)](https://example.org)", "a picture inside"),
        ("<https://example.org/x_y_z>", "https://example.org/x_y_z"),
        ("use `a * b * [c](d)` and ``x ` y``", "use a * b * [c](d) and x ` y"),
        ("Before\n```python\nprint('**x**')  # | a |\n```\nAfter", "Before print('**x**') # | a | After"),
        ("~~~\n```\n- x\n~~~~\n- y", "``` - x y"),
        ("| Economy | **GDP** |\n| :--- | ---: |\n| China \\| HK | 18.7 |", "Economy GDP China | HK 18.7"),
        ("one\n\n---\n\ntwo", "one two"),
        # Characters that are not syntax.
        ("2 * 3 * 4 and 5*3, snake_case_name, __init__.py", "2 * 3 * 4 and 5*3, snake_case_name, init.py"),
        ("a[0] and f(x)[1], [not a link] (x)", "a[0] and f(x)[1], [not a link] (x)"),
        ("\\*no emphasis\\*, costs \\$5", "*no emphasis*, costs $5"),
        ("a | b, #tag, x > y, 50 - 3", "a | b, #tag, x > y, 50 - 3"),
        ("**never closed\n\nnew** passage", "**never closed new** passage"),
        ("<b>bold</b> & <script>", "<b>bold</b> & <script>"),
    ],
)  # fmt: skip
def test_the_words_stay_and_the_signs_go(markdown: str, expected: str) -> None:
    assert plain_text(markdown) == expected


@pytest.mark.parametrize(
    "piece", ["*a ", "a* ", "`a ``b ", "[a](", "[", '![a](x "', "]", "_", "| ", "> ", "\\", "<https://"]
)
def test_every_input_takes_linear_time(piece: str) -> None:
    """A pattern that scans the rest of the text for each character would take quadratic time here."""
    assert plain_text(piece * 30_000 + "\n\nthe end").endswith("the end")
