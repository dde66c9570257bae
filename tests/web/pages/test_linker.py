"""Linking of the page's modules: the same effects in the same order, or refused."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from chat.web.pages.page_files.files import STATIC
from chat.web.pages.page_files.linker import link, stylesheet
from chat.web.pages.page_files.modules import Unlinkable, read

NODE = shutil.which("node")

GRAPH = {
    "js/main.js": """
// A comment of its own: import { nothing } from "./nothing.js";
import { twice as double, PLACE } from "./a/sums.js";
import shape from "../vendor/shape.js";
import "./a/effect.js";
import {
  Count,
  first,
} from "./a/re-export.js";
import { word } from "./words/index.js";

const text = `
  // not a comment
`;
globalThis.said.push("main", double(2), new Count().next(), first, word, shape(3), text.includes("not a comment"));
globalThis.said.push(PLACE.pathname.endsWith("/vendor/thing/"), globalThis.effect);
globalThis.done = (async () => {
  const { Dialog } = await import("./parts/dialog.js");
  const chart = (await import("./parts/chart.js")).draw();
  globalThis.said.push(Dialog(), chart, await import("./a/sums.js").then(({ twice }) => twice === double));
  globalThis.said.push(Object.keys(await import("./parts/dialog.js")).sort().join());
})();
""",
    "js/a/sums.js": """
globalThis.said.push("sums");
/** Where it is. */
export const PLACE = new URL("../../vendor/thing/", import.meta.url);
export function twice(value) { return 2 * value; }
""",
    "js/a/effect.js": 'globalThis.said.push("effect");\nglobalThis.effect = true;\n',
    "js/a/re-export.js": """
export { Counter as Count, one as first } from "./counter.js";
""",
    "js/a/counter.js": """
globalThis.said.push("counter");
class Counter { next() { return one; } }
const one = 1;
export { Counter, one };
""",
    "js/words/index.js": """
const words = await (true ? import("./en.js") : import("./de.js"));
export const word = words.word;
""",
    "js/words/en.js": 'globalThis.said.push("en");\nexport const word = "word";\n',
    "js/words/de.js": 'globalThis.said.push("de");\nexport const word = "Wort";\n',
    "js/parts/dialog.js": """
import { twice } from "../a/sums.js";
import { title } from "./shared.js";
export const Dialog = () => title + twice(21);
export async function close() {}
""",
    "js/parts/chart.js": 'import { title } from "./shared.js";\nexport function draw() { return title; }\n',
    "js/parts/shared.js": 'globalThis.said.push("shared");\nexport const title = "$1 title";\n',
    "vendor/shape.js": 'import{s as n}from"./small.js";var t=n;export default function(r){return t+r}',
    "vendor/small.js": "var a=1,b=2;export{a as s,b as two,b as zwei};",
}


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_linked_files_behave_like_the_modules(tmp_path: Path) -> None:
    for name, text in GRAPH.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "linked").mkdir()
    files = link(GRAPH.__getitem__, "js/main.js")
    for name, text in files.items():
        (tmp_path / "linked" / name).write_text(text)
    assert sorted(files) == ["chart+dialog.js", "chart.js", "de.js", "dialog.js", "en.js", "main.js"]
    outputs = [run(tmp_path / "js/main.js"), run(tmp_path / "linked/main.js")]
    assert outputs[0] == outputs[1]
    assert outputs[0].startswith(
        "sums,effect,counter,en,main,4,1,1,word,4,true,true,true,shared,$1 title42,$1 title,true"
    )


def run(module: Path) -> str:
    script = (
        f"globalThis.said = []; await import({module.as_uri()!r}); await globalThis.done; console.log(String(said));"
    )
    command = [str(NODE), "--input-type=module", "--eval", script]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


REFUSED = {
    "a variable that may change": "export let count = 0;\n",
    "all of a module": 'import * as all from "./b.js";\n',
    "all of a module, passed on": 'export * from "./b.js";\n',
    "a value as default": "export default 3;\n",
    "a named function as default": "export default function named() {}\n",
    "a package": 'import { x } from "preact";\n',
    "an address": 'import { x } from "https://example.com/x.js";\n',
    "a destructured export": "export const { a, b } = {};\n",
    "a default beside names": 'import a, { b } from "./b.js";\n',
    "a string as name": 'import { "a-b" as c } from "./b.js";\n',
    "a name twice": "export const a = 1;\nexport { a };\n",
    "a path of its own making": "const part = import(`./${name}.js`);\n",
    "attributes": 'import data from "./data.json" with { type: "json" };\n',
    "single quotes": "import { a } from './b.js';\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_unknown_forms_are_refused(text: str) -> None:
    with pytest.raises(Unlinkable, match=r"js/a\.js"):
        read("js/a.js", text)


@pytest.mark.parametrize(
    ("modules", "reason"),
    [
        ({"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'}, "cycle"),
        ({"a.js": 'import { b } from "./b.js";\n', "b.js": "export const c = 1;\n"}, "no such export"),
        ({"a.js": 'export { b } from "./b.js";\n', "b.js": "export const c = 1;\n"}, "no such export"),
        ({"a.js": "const module$1 = 1;\n"}, "linker's own"),
        (
            {
                "a.js": 'import { b } from "./b.js";\n\nconst c = await import("./c.js");\n',
                "b.js": "export const b = 1;\n",
                "c.js": 'import { b } from "./b.js";\n',
            },
            "would wait for itself",
        ),
        (
            {"a.js": 'import("./b/x.js");\nimport("./c/x.js");\n', "b/x.js": "", "c/x.js": ""},
            "same name",
        ),
    ],
)
def test_a_graph_that_cannot_be_linked_is_refused(modules: dict[str, str], reason: str) -> None:
    with pytest.raises(Unlinkable, match=reason):
        link(modules.__getitem__, "a.js")


def test_a_stylesheet_that_names_a_file_is_refused() -> None:
    assert stylesheet(["a {}", "b {}"]) == "a {}\nb {}"
    with pytest.raises(Unlinkable):
        stylesheet(["a { background: url(x.svg); }"])


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_the_page_itself_is_linked_into_files_that_node_can_read(tmp_path: Path) -> None:
    files = link(lambda name: (STATIC / name).read_text(encoding="utf-8"), "js/main.js")
    assert {"main.js", "en.js", "de.js", "thread.js", "dialogs.js"} <= set(files)
    modules = [
        path
        for path in (STATIC / "js").rglob("*.js")
        if path.name != "before-paint.js" and path.parent.name != "admin"  # of the operators' page, which has its own
    ]
    scopes = [scope for text in files.values() for scope in re.findall(r"^export const (module\$\d+) = ", text, re.M)]
    assert len(scopes) == len(set(scopes)) > len(modules)  # the libraries too
    for name, text in files.items():
        (tmp_path / f"{name}.mjs").write_text(text)
        done = subprocess.run([str(NODE), "--check", tmp_path / f"{name}.mjs"], check=False, capture_output=True)
        assert done.returncode == 0, done.stderr
