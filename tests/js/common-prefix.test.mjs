import assert from "node:assert/strict";
import { test } from "node:test";
import { commonPrefix } from "../../chat/web/static/js/markdown/common-prefix.js";
import { renderText } from "../../chat/web/static/js/markdown/document.js";

const html = renderText;
const list = (count) => Array.from({ length: count }, (_, n) => `${n + 1}. item **${n}**\n   - nested\n`).join("");
const table = (count) => `| a | b |\n| - | - |\n${Array.from({ length: count }, (_, n) => `| ${n} | x |\n`).join("")}`;

test("a grown list or table shares its beginning, except the last item", () => {
  for (const make of [list, table]) {
    const same = commonPrefix(html(make(9)), html(make(8)));
    assert.equal(same.count, 7);
    const whole = html(make(9));
    // The omitted part is exactly what is between the header and the rest.
    const head =
      same.html.length - [...same.html].reverse().findIndex((_, index) => !whole.endsWith(same.html.slice(-index - 1)));
    assert.ok(whole.startsWith(same.html.slice(0, head)) && whole.endsWith(same.html.slice(head)));
    assert.ok(same.html.includes(make === list ? "<strong>8</strong>" : "<td>8</td>"));
    assert.ok(!same.html.includes(make === list ? "<strong>6</strong>" : "<td>6</td>"));
  }
});

test("if an early item or the header changed, or little is in common, all is rendered", () => {
  assert.equal(commonPrefix(html(table(9)), html(table(9).replace("| 0 |", "| zero |"))), null);
  assert.equal(commonPrefix(html(table(9)), html(table(9).replace("| a |", "| other |"))), null);
  assert.equal(commonPrefix(html(list(3)), html(list(2))), null);
  assert.equal(commonPrefix(html(list(9)), html(table(9))), null);
  assert.equal(commonPrefix("<p>a</p>", "<p>a</p>"), null);
  assert.equal(commonPrefix(html(list(9)), ""), null);
});
