import assert from "node:assert/strict";
import { test } from "node:test";

import { toTsv } from "../../chat/web/static/js/table/table-text.js";

test("pasted into a spreadsheet, cells are separate and none is a formula", () => {
  assert.equal(toTsv([["a\tb", "=c"]]), "a b\t'=c");
});
