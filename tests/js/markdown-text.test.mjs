// The visible text of an answer: numbers, words and signs stay as written.

import assert from "node:assert/strict";
import { test } from "node:test";

import { MarkdownDocument, renderText } from "../../chat/web/static/js/markdown/document.js";

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"' };
const unescaped = (html) => html.replace(/&(amp|lt|gt|quot);/g, (_, name) => ENTITIES[name]);
const textOf = (html) => unescaped(html.replace(/<br>\n?/g, "\n").replace(/<[^>]*>/g, "")).trim();
const shown = (text) => textOf(renderText(text));
const linksOf = (text) => [...renderText(text).matchAll(/<a href="([^"]*)">/g)].map(([, href]) => unescaped(href));

test("figures and signs stay as they were written", () => {
  for (const text of [
    "气温 20~25 度，湿度 40~60 %",
    "between ~$3 and ~$4",
    "2010~2015 and 2016~2020",
    "20~~25 度，40~~60 %",
    "（20）~~（25）, (20)~~(25) and (30)~~(35)",
    "½~~¾, ５~~１０、２０~~３０, ٥~~١٠ و ٢٠~~٣٠",
    "$20~~$30, 20%~~30%, 20℃~~25℃",
    "~/.bashrc, €~5, -5~~-3 and 10:00~12:00",
    "H~2~O and x^2^",
    "~5 and ~6, ~a~ and ~ b ~",
    "3*4*5 = 60 and 2*x*y, 2**3**4",
    "1.5*2,000*3",
    "x**2 + y**2, (a)*(b)*(c), f(x)*g(x)*h(x)",
    "snake_case_name and 1_000_000",
    ">5 %, the rest less",
    ">= 3 and more",
    ">$5 a piece",
    "5 > 3 < 4 <= 5 & 6",
    "+5 % or −5 %",
    "#1 of 5",
    "1.5 % and 2.5 %",
    "$5 and $10, US$5 and A$6, R$ 5,40",
    "$1 = R$ 5.40",
    "$5-$10, $5–$10, $3/$4",
    "costs $5M in 2020 and $6M in 2021",
    "$HOME/$USER and $PATH:$HOME, ${HOME}/${USER}",
    "$(date +%Y)_$(hostname), awk '{print $1}' | grep '$'",
    "$(pwd)/$(ls), $.get and $('#a'), $A$1 and $B$2",
    "USD$5, NT$100, MX$ 20, 5 $ oder 6 $, 50$ and 60$",
    "profit = $100 - $40 = $60, $5*2 = $10, $1_000 and $2_000",
    "/^\\d+$/ and /^x$/",
    '"$HOME"/"$USER" and $AAPL/$TSLA',
    "from $$ to $$$",
    "see \\u0041 and C:\\Users\\me",
    "a [1] b [2], c [^zz]",
    "array[i][j] and x[0]",
    "[Alice]: Yes.\n[Bob]: Nein!\n[note]: 好。",
  ]) {
    assert.equal(shown(text), text);
    assert.ok(!/<(?:em|strong|del|code|a|blockquote|h\d|ol|ul)\b/.test(renderText(text)), renderText(text));
  }
  assert.equal(
    shown("see \\[1\\] and \\[2, 3\\], \\(not mathematics at all\\)"),
    "see [1] and [2, 3], (not mathematics at all)",
  );
});

test("only two tildes strike", () => {
  for (const [text, html] of [
    ["~~gone~~", "<del>gone</del>"],
    ["中文~~删除~~文字", "中文<del>删除</del>文字"],
    ["pre~~fix~~ed", "pre<del>fix</del>ed"],
    ["~~**both**~~", "<del><strong>both</strong></del>"],
    ["~~~three~~~ stay", null],
  ]) {
    if (html) assert.equal(renderText(text), `<p>${html}</p>\n`);
    else assert.ok(!renderText(`x ${text}`).includes("<del>"));
  }
});

test("an ordered list has the numbers it was written with", () => {
  const numbers = (text) => {
    let number = 0;
    return [...renderText(text).matchAll(/<ol(?: start="(\d+)")?[^>]*>|<li(?: value="(\d+)")?>/g)].flatMap((found) => {
      if (found[0].startsWith("<ol")) number = Number(found[1] ?? 1) - 1;
      else number = found[2] ? Number(found[2]) : number + 1;
      return found[0].startsWith("<ol") ? [] : [number];
    });
  };
  assert.deepEqual(numbers("2024. War\n2025. Peace"), [2024, 2025]);
  assert.deepEqual(numbers("3. a\n5. b\n9. c\n10. d"), [3, 5, 9, 10]);
  assert.deepEqual(numbers("3. a\n2. b\n1. c"), [3, 2, 1]);
  assert.deepEqual(numbers("1. a\n1. b\n1. c"), [1, 2, 3]);
  assert.deepEqual(numbers("0. a\n1. b"), [0, 1]);
  assert.match(renderText("1) a\n2) b"), /<ol class="paren">/);
});

test("a box stands in the place of a bullet, after the number of an ordered list", () => {
  assert.equal(
    renderText("- [ ] open\n- [x] done\n- [y] text"),
    '<ul>\n<li class="task">☐ open</li>\n<li class="task">☑ done</li>\n<li>[y] text</li>\n</ul>\n',
  );
  assert.match(renderText("1. [X] done"), /<li>☑ done<\/li>/);
});

test("a comparison is no quote, a quote is one", () => {
  assert.equal(
    renderText("- >5 %: high\n- > 6 %: higher"),
    "<ul>\n<li>&gt;5 %: high</li>\n<li>&gt; 6 %: higher</li>\n</ul>\n",
  );
  assert.match(renderText("> quoted\n> 5 %"), /^<blockquote>\n<p>quoted<br>\n5 %<\/p>/);
  assert.match(renderText(">quoted"), /^<blockquote>/);
});

test("emphasis works beside Chinese, Japanese and Korean stops, and as ever beside Latin ones", () => {
  for (const [text, html] of [
    ["**中文强调。**后面", "<strong>中文强调。</strong>后面"],
    ["他说**「强调」**的话", "他说<strong>「强调」</strong>的话"],
    ["前面**（括号）**后面", "前面<strong>（括号）</strong>后面"],
    ["增长**5.0%**的速度", "增长<strong>5.0%</strong>的速度"],
    ["**“引号”**的", "<strong>“引号”</strong>的"],
    ["*斜体。*后面", "<em>斜体。</em>后面"],
    ["***粗斜。***后面", "<em><strong>粗斜。</strong></em>后面"],
    ["これは**「重要」**です。", "これは<strong>「重要」</strong>です。"],
    ["**강조(强调)**는", "<strong>강조(强调)</strong>는"],
    ["~~删除。~~后面", "<del>删除。</del>后面"],
    ["第**3**章", "第<strong>3</strong>章"],
    ["ไทย**(เน้น)**ไทย", "ไทย<strong>(เน้น)</strong>ไทย"],
    ["**สำคัญ!**มาก", "<strong>สำคัญ!</strong>มาก"],
    ["ខ្មែរ**“ក”**ខ្មែរ", "ខ្មែរ<strong>“ក”</strong>ខ្មែរ"],
    ["**好👍**的", "<strong>好👍</strong>的"],
    ["**1.**第一，**$5**元", "<strong>1.</strong>第一，<strong>$5</strong>元"],
    ['a**"b"**c', "a**&quot;b&quot;**c"],
    ["un*frigging*believable", "un<em>frigging</em>believable"],
    ["** no **", "** no **"],
  ]) {
    assert.equal(renderText(text), `<p>${html}</p>\n`);
  }
});

test("a bare address ends where the words after it begin", () => {
  for (const [text, ...links] of [
    ["参见https://example.com/a，然后", "https://example.com/a"],
    ["参见https://example.com/a然后", "https://example.com/a"],
    ["（https://example.com/a）", "https://example.com/a"],
    ["「https://example.com/?q=1&b=2」です", "https://example.com/?q=1&b=2"],
    ["https://example.com/a를 보세요", "https://example.com/a"],
    ["“https://example.com/a”", "https://example.com/a"],
    ["https://example.com/a…", "https://example.com/a"],
    ["see (https://example.com/a_(b)).", "https://example.com/a_(b)"],
    ["https://example.com/a. Then https://example.com/b?", "https://example.com/a", "https://example.com/b"],
    ["**https://example.com/a**，后", "https://example.com/a"],
    ["https://example.com/a(见附注)，《https://example.com/b》", "https://example.com/a", "https://example.com/b"],
    [
      "https://example.com/a؟ https://example.com/b، «https://example.com/c»",
      ...["a", "b", "c"].map((name) => `https://example.com/${name}`),
    ],
    ["https://doi.org/10.1000/xyz(2020)123.", "https://doi.org/10.1000/xyz(2020)123"],
    ["https://de.wikipedia.org/wiki/Österreich!", "https://de.wikipedia.org/wiki/%C3%96sterreich"],
    ["https://münchen.de/x", "https://xn--mnchen-3ya.de/x"],
    ["https://例え.jp/a", "https://xn--r8jz45g.jp/a"],
    ["http://localhost:5000/x", "http://localhost:5000/x"],
    ["https://example.com/a%20b#c", "https://example.com/a%20b#c"],
    ["write to a.b@example.com.", "mailto:a.b@example.com"],
    ["邮箱：a@example.com，谢谢", "mailto:a@example.com"],
    ["www.example.com/a，", "http://www.example.com/a"],
    ['{"url":"https://example.com/a","n":1}', "https://example.com/a"],
    ["[https://example.com/a](https://example.org/b)", "https://example.org/b"],
    ["以https://开头"],
    ["`https://example.com/a`"],
  ]) {
    assert.deepEqual(linksOf(text), links, text);
    if (!/[`[*]/.test(text)) assert.equal(shown(text), text);
  }
});

test("an image's label is plain text", () => {
  assert.equal(shown("![foo *bar*](x.png)"), "Image: foo bar");
  assert.equal(shown("![`a` [b](c) **d**](https://example.com/x.png)"), "Image: a b d");
  assert.equal(shown("![](https://example.com/x.png)"), "Image");
  assert.equal(shown("![&copy; \\*a\\* $x$ <b>](x.png)"), "Image: © *a* $x$ <b>");
  assert.equal(shown("![H<sub>2</sub>O<br>b\nc ![d](y.png)](x.png)"), "Image: H2O b c d");
});

const FORMULAS = {
  其中$x$表示: ["$x$"],
  "行列式$\\det(A)=0$。": ["$\\det(A)=0$"],
  "$x$, ($y$) and $n$th": ["$x$", "$y$", "$n$"],
  "Euler: \\(e^{i\\pi} = -1\\) and \\[x\\]": ["\\(e^{i\\pi} = -1\\)", "\\[x\\]"],
  "$5x = 10$ for $5": ["$5x = 10$"],
  "$f'$, $x''$ and ($y'$)": ["$f'$", "$x''$", "$y'$"],
  "costs $5, where $p < 6$": ["$p < 6$"],
  "- item $a_1$\n- $$b$$": ["$a_1$", "$$b$$"],
  "> quoted $a|b$": ["$a|b$"],
  "| $|x|$ | $\\left\\|y\\right\\|_2$ |\n| --- | --- |\n| $P(A|B)$ | $a \\\\ b$ |": null,
  "\\begin{align}a &= b \\\\ c &= d\\end{align}": ["\\begin{align}a &= b \\\\ c &= d\\end{align}"],
  "so\n\\begin{cases} 1 \\\\ 2 \\end{cases}\nend": ["\\begin{cases} 1 \\\\ 2 \\end{cases}"],
  "inline \\begin{pmatrix} 1 & 2 \\end{pmatrix} here": ["\\begin{pmatrix} 1 & 2 \\end{pmatrix}"],
  "$$\n\\begin{aligned}\nx &= 1\n\n\\end{aligned}\n$$": ["$$\n\\begin{aligned}\nx &= 1\n\n\\end{aligned}\n$$"],
  "\\begin{multline*}a\\\\b\\end{multline*}": ["\\begin{multline*}a\\\\b\\end{multline*}"],
  "\\begin{eqnarray}a&=&b\\end{eqnarray}": ["\\begin{eqnarray}a&=&b\\end{eqnarray}"],
  "\\(ABCD\\) is a square, \\(5\\) a number": ["\\(ABCD\\)", "\\(5\\)"],
  "\\[sic\\], \\[…\\], \\[Fig. 3\\], \\[12:30\\], \\[名\\], \\[Smith 2020\\], \\[A-Z\\]+, \\[^a\\]": [],
  "\\[a\\]: a note, f\\(x\\)": [],
  "- \\[x\\] done\n- \\[ \\] open": [],
  "\\begin{document}x\\end{document}": [],
  "sed 's/\\(a\\)\\(b\\)/\\2\\1/'": [],
  "match \\(\\d{3}\\) or \\(foo\\|bar\\)": [],
  "`$x$` and \\$x\\$": [],
  "$a b c d, said the man, and paid $": [],
};

test("formulas are distinguished from similar text", () => {
  for (const [text, formulas] of Object.entries(FORMULAS)) {
    const found = [...renderText(text).matchAll(/<code class="math-\w+">([\s\S]*?)<\/code>/g)].map(([, tex]) =>
      unescaped(tex),
    );
    if (formulas) assert.deepEqual(found, formulas, text);
    else assert.equal(found.length, 4, renderText(text));
  }
});

test("line breaks and small letters work in text and cells; every other tag is text", () => {
  assert.match(
    renderText("| a |\n| --- |\n| one<br>two<br/>H<sub>2</sub>O x<sup>2</sup> |"),
    /<td>one<br>two<br>H<sub>2<\/sub>O x<sup>2<\/sup><\/td>/,
  );
  assert.equal(renderText("a<br>b"), "<p>a<br>b</p>\n");
  assert.equal(renderText("a<br>\nb<br/>  \nc"), "<p>a<br>\nb<br>\nc</p>\n");
  assert.equal(renderText("<sub>Source</sub>"), "<p><sub>Source</sub></p>\n");
  for (const text of [
    "a<sub>b",
    "a</sub>b",
    "<sub>a **b</sub> c**",
    "<sub onclick=x>a</sub>",
    "<sup>a</sub>",
    "<kbd>K</kbd> <b>x</b>",
  ]) {
    assert.ok(!/<(?:su[bp]|kbd|b)\b/.test(renderText(text)), renderText(text));
  }
  assert.equal(shown("<div>\n  <p>*x*</p>\n</div>"), "<div>\n  <p>*x*</p>\n</div>");
});

test("hostile and malformed text stays visible, and its tags stay text", () => {
  const pieces = [
    ...[
      "<pre>",
      "</pre>",
      "<code>",
      "<kbd>",
      "<script>",
      "</script>",
      "<style>",
      "<textarea>",
      "<b a='x>y'>",
      "<!-- ",
      " -->",
    ],
    ...[
      "<![CDATA[",
      "]]>",
      "<?php ",
      "?>",
      "<!DOCTYPE x>",
      '<a href="x">',
      "</a>",
      "<x-y/>",
      "<",
      ">",
      "</",
      "&copy",
      "&",
      "&#",
    ],
    ...[
      "List<String, int>",
      "a<b && c>d",
      "<svg/onload=x>",
      "<img src=x>",
      "\n<div>\n",
      "\n\n",
      " ",
      "word",
      "1<2",
      "<details>",
    ],
  ];
  let seed = 11;
  const next = (count) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % count;
  };
  const letters = (text) => text.replace(/\s+/g, "");
  for (let round = 0; round < 5000; round += 1) {
    const text = Array.from({ length: 2 + next(10) }, () => pieces[next(pieces.length)]).join(next(2) ? " " : "");
    // A ">" at a line's beginning is a quote, four spaces are code: syntax is not shown.
    if (/^\s*>|^ {4}/m.test(text)) continue;
    const html = renderText(text);
    assert.equal(letters(textOf(html)), letters(text), JSON.stringify(text));
    for (const [, name] of html.matchAll(/<\/?([a-z0-9-]+)/g)) assert.match(name, /^(?:p|br|a|section|code)$/, html);
  }
});

const grown = (parts) => {
  const document = new MarkdownDocument();
  const blocks = [];
  let read;
  parts.forEach((text, index) => {
    read = document.read(text, index < parts.length - 1);
    for (const { index: at, html } of read.changed) blocks[at] = html;
    blocks.splice(read.settled, Number.POSITIVE_INFINITY, ...read.open);
  });
  return blocks.join("") + read.notes;
};

const NOTES = {
  "one note": "A claim[^1].\n\n[^1]: The note.",
  "named, used twice, in another order": "B[^b] A[^a] B again[^b].\n\n[^a]: First.\n[^b]: Second.",
  "several paragraphs and a list": "x[^1]\n\n[^1]: One.\n\n    Two.\n\n    - three\n\nafter",
  "before its use": "[^1]: The note.\n\nText[^1].",
  "one that is never used": "Text.\n\n[^1]: Alone.",
  "one that refers to another": "a[^1]\n\n[^1]: see[^2]\n\n[^2]: this",
  "a reference without a note": "a[^1] and [^2]\n\n[^2]: b",
  "in a list and a table": "- a[^1]\n\n| x[^2] |\n| --- |\n| y |\n\n[^1]: one\n[^2]: two",
  "two at once, after an address and in a link":
    "a[^1][^2] https://example.com/a[^1] [b[^2]](https://example.com/b)\n\n[^1]: one\n[^2]: two",
  "with a link": "a[^1]\n\n[^1]: https://example.com/a and [b][c]\n\n[c]: https://example.com/c",
};

for (const [name, text] of Object.entries(NOTES)) {
  test(`footnotes: ${name}, at once and in pieces`, () => {
    const whole = renderText(text);
    for (const size of [1, 3, 7, 21]) {
      const parts = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
        text.slice(0, (index + 1) * size),
      );
      assert.equal(grown([...parts, text]), whole);
    }
    assert.ok(!/<a href="[^"]*(?:note|\^)/.test(whole));
  });
}

test("footnotes are numbered by their first use, and come at the end", () => {
  const html = renderText(NOTES["named, used twice, in another order"]);
  assert.match(
    html,
    /B<sup class="note-ref note-1-1">1<\/sup> A<sup class="note-ref note-2-1">2<\/sup> B again<sup class="note-ref note-1-2">1<\/sup>/,
  );
  assert.match(
    html,
    /<section class="notes"><ol>\n<li class="note-1-2">\n<p>Second\.<\/p>\n<\/li>\n<li class="note-2-1">\n<p>First\./,
  );
  assert.match(renderText(NOTES["a reference without a note"]), /a\[\^1\] and <sup/);
  assert.match(renderText(NOTES["one that is never used"]), /<li class="note-1-0">\n<p>Alone/);
});

test("several footnotes at one place are all references", () => {
  const html = renderText(NOTES["two at once, after an address and in a link"]);
  assert.match(html, /a<sup class="note-ref note-1-1">1<\/sup><sup class="note-ref note-2-1">2<\/sup> /);
  assert.match(html, /<a href="https:\/\/example.com\/a">[^<]*<\/a><sup class="note-ref note-1-2">/);
  assert.match(html, /<a href="https:\/\/example.com\/b">b\[\^2\]<\/a>/);
});

test("all words of a row are shown: bars in code are no borders, and cells that are too many join the last one", () => {
  const rows = (text) =>
    [...renderText(text).matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row]) =>
      [...row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell]) => textOf(cell)),
    );
  const table = (...lines) => rows(["| a | b |", "|---|---|", ...lines].join("\n")).slice(1);
  assert.deepEqual(table("| `a || b` | or |", "| ``x ` | y`` | $|z|$ |", "| `p \\| q` | r |"), [
    ["a || b", "or"],
    ["x ` | y", "$|z|$"],
    ["p | q", "r"],
  ]);
  assert.deepEqual(table("| 1 | 2 | 3 | 4 |", "1 | 2 | 3", "| 1 | 2 | |", "| 1 |", "| ` | `x` | y |"), [
    ["1", "2 | 3 | 4"],
    ["1", "2 | 3"],
    ["1", "2"],
    ["1", ""],
    ["`", "x | y"],
  ]);
  assert.deepEqual(rows("| `a|b` | c |\n|---|---|\n| 1 | 2 |")[0], ["a|b", "c"]);
  assert.deepEqual(rows("> | a |\n> |---|\n> | `p|q` |\n\n- | a |\n  |---|\n  | r | s |"), [
    ["a"],
    ["p|q"],
    ["a"],
    ["r | s"],
  ]);
});

test("a definition after its use makes a link, also in finished blocks", () => {
  const text =
    "See [the report][1] and [other].\n\nMore.\n\nAnd more.\n\n[1]: https://example.com/report/2026\n\n[other]: https://example.com/o";
  const parts = Array.from({ length: text.length }, (_, index) => text.slice(0, index + 1));
  assert.equal(grown([...parts, text]), renderText(text));
  assert.deepEqual(linksOf(text), ["https://example.com/report/2026", "https://example.com/o"]);
});
