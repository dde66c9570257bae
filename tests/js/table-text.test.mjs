import assert from "node:assert/strict";
import { test } from "node:test";

import { toTsv } from "../../chat/web/static/js/table/table-text.js";

test("what is pasted into a spreadsheet is taken apart, and no cell of it is a formula", () => {
  assert.equal(toTsv([["a\tb", "=c"]]), "a b\t'=c");
});
