import assert from "node:assert/strict";
import { test } from "node:test";
import { withToggled } from "../../chat/web/static/js/state/selection.js";

const ORDER = [9, 7, 5, 3, 1];
const ids = (selection) => [...selection.ids].sort();

test("chats are selected and unselected one by one", () => {
  const one = withToggled({ ids: new Set(), anchor: null }, 7, ORDER);
  const two = withToggled(one, 3, ORDER);
  assert.deepEqual(ids(two), [3, 7]);
  assert.deepEqual(ids(withToggled(two, 7, ORDER)), [3]);
  assert.deepEqual(ids(one), [7]);
});

test("Shift selects the range from the last one, in both directions", () => {
  const from = withToggled({ ids: new Set(), anchor: null }, 7, ORDER);
  assert.deepEqual(ids(withToggled(from, 1, ORDER, true)), [1, 3, 5, 7]);
  assert.deepEqual(ids(withToggled(withToggled(null, 1, ORDER), 9, ORDER, true)), [1, 3, 5, 7, 9]);
});

test("Shift unselects a range, too", () => {
  const all = { ids: new Set(ORDER), anchor: 9 };
  assert.deepEqual(ids(withToggled(all, 5, ORDER, true)), [1, 3]);
});

test("Shift without a valid anchor selects one chat", () => {
  assert.deepEqual(ids(withToggled({ ids: new Set(), anchor: null }, 5, ORDER, true)), [5]);
  assert.deepEqual(ids(withToggled({ ids: new Set([4]), anchor: 4 }, 5, ORDER, true)), [4, 5]);
});
