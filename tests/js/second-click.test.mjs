import assert from "node:assert/strict";
import { test } from "node:test";

import { SecondClick } from "../../chat/web/static/js/browser/second-click.js";

const click = (at, label, more = {}) => ({ at, x: 100, y: 100, label, ...more });
const verdicts = (...clicks) => {
  const decide = new SecondClick();
  return clicks.map((each) => decide.isStray(each));
};

test("a second click on a control that replaced the first is ignored for half a second", () => {
  for (const delay of [0, 8, 40, 120, 300, 499]) {
    assert.deepEqual(verdicts(click(0, "Send"), click(delay, "Stop")), [false, true], `${delay} ms`);
  }
  assert.deepEqual(verdicts(click(0, "Send"), click(500, "Stop")), [false, false]);
});

test("a third click still belongs to the first", () => {
  assert.deepEqual(verdicts(click(0, "Delete"), click(300, "Next chat"), click(600, "Next chat")), [false, true, true]);
});

test("the same control may be pressed again, and another one elsewhere", () => {
  assert.deepEqual(verdicts(click(0, "Next version"), click(100, "Next version")), [false, false]);
  assert.deepEqual(verdicts(click(0, "Menu"), click(100, "Delete", { y: 140 })), [false, false]);
  assert.deepEqual(verdicts(click(0, ""), click(100, "Send")), [false, false]);
});

test("a control that starts a request is pressed once", () => {
  assert.deepEqual(verdicts(click(0, "Retry", { once: true }), click(120, "Retry", { once: true })), [false, true]);
});
