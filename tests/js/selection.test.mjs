import assert from "node:assert/strict";
import { test } from "node:test";
import { withToggled } from "../../chat/web/static/js/state/selection.js";

const ORDER = [9, 7, 5, 3, 1];
const ids = (selection) => [...selection.ids].sort();

test("one by one, and back", () => {
  const one = withToggled({ ids: new Set(), anchor: null }, 7, ORDER);
  const two = withToggled(one, 3, ORDER);
  assert.deepEqual(ids(two), [3, 7]);
  assert.deepEqual(ids(withToggled(two, 7, ORDER)), [3]);
  assert.deepEqual(ids(one), [7]);
});

test("with Shift all between the last one and this, either way", () => {
  const from = withToggled({ ids: new Set(), anchor: null }, 7, ORDER);
  assert.deepEqual(ids(withToggled(from, 1, ORDER, true)), [1, 3, 5, 7]);
  assert.deepEqual(ids(withToggled(withToggled(null, 1, ORDER), 9, ORDER, true)), [1, 3, 5, 7, 9]);
});

test("with Shift a range is given up, too", () => {
  const all = { ids: new Set(ORDER), anchor: 9 };
  assert.deepEqual(ids(withToggled(all, 5, ORDER, true)), [1, 3]);
});

test("with Shift and nothing selected before, or what is gone by now, it is that one alone", () => {
  assert.deepEqual(ids(withToggled({ ids: new Set(), anchor: null }, 5, ORDER, true)), [5]);
  assert.deepEqual(ids(withToggled({ ids: new Set([4]), anchor: 4 }, 5, ORDER, true)), [4, 5]);
});
