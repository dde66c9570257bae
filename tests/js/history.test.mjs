import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "Europe/Berlin";
const { appendPage, groupItems, highlighted, readSearchHit, readItem, refreshedHistory, withItem } = await import(
  "../../chat/web/static/js/state/history.js"
);

const item = (id, updatedAt, more = {}) => ({
  id,
  title: `chat ${id}`,
  updatedAt,
  pinned: false,
  running: false,
  ...more,
});
const at = (text) => new Date(text).getTime();
const byId = (items) => new Map(items.map((each) => [each.id, each]));
const groups = (items, now) =>
  groupItems(items, at(now)).map(({ name, items: each }) => [name, each.map(({ id }) => id)]);

test("groups follow the reader's calendar", () => {
  const items = [
    item(1, at("2026-07-14T00:00:00")),
    item(2, at("2026-07-13T23:59:59")),
    item(3, at("2026-07-13T00:00:00")),
    item(4, at("2026-07-12T23:59:59")),
    item(5, at("2026-07-07T00:00:00")),
    item(6, at("2026-07-06T12:00:00")),
    item(7, at("2026-06-01T12:00:00")),
    item(8, at("2026-01-01T12:00:00"), { pinned: true }),
  ];
  assert.deepEqual(groups(items, "2026-07-14T15:00:00"), [
    ["pinned", [8]],
    ["today", [1]],
    ["yesterday", [2, 3]],
    ["week", [4, 5]],
    ["month", [6]],
    ["older", [7]],
  ]);
});

test("a day of 25 hours is one day", () => {
  assert.deepEqual(groups([item(1, at("2026-10-25T00:30:00"))], "2026-10-26T12:00:00"), [["yesterday", [1]]]);
  assert.deepEqual(groups([item(1, at("2026-03-29T00:30:00"))], "2026-03-30T12:00:00"), [["yesterday", [1]]]);
});

test("no item disappears if the reader's clock is slow", () => {
  assert.deepEqual(groups([item(1, at("2026-07-15T00:00:00"))], "2026-07-14T15:00:00"), [["today", [1]]]);
});

test("an item with an invalid time is old, not lost", () => {
  assert.equal(readItem({ id: 1, title: null, updated_at: "soon" }).updatedAt, 0);
});

test("a changed chat moves up, a pinned one keeps its place", () => {
  const items = [item(9, 1, { pinned: true }), item(1, 30), item(2, 20), item(3, 10)];
  const order = (list) => list.map(({ id }) => id);
  assert.deepEqual(order(withItem(items, 3, { updatedAt: 40 })), [9, 3, 1, 2]);
  assert.deepEqual(order(withItem(items, 2, { title: "x" })), [9, 1, 2, 3]);
  assert.deepEqual(order(withItem(items, 4, { updatedAt: 50 })), [9, 4, 1, 2, 3]);
});

test("pages join without duplicates, and a new first page drops deleted chats", () => {
  const items = [item(1, 30), item(2, 20), item(3, 10)];
  assert.deepEqual(
    appendPage(items, [item(3, 10), item(4, 5)]).map(({ id }) => id),
    [1, 2, 3, 4],
  );
  const fresh = [item(5, 40), item(2, 20)];
  const history = { items, nextCursor: "beyond" };
  const ids = ({ items: each }) => each.map(({ id }) => id);
  const known = byId(items);
  assert.deepEqual(ids(refreshedHistory(history, fresh, "next", [], known)), [5, 2, 3]);
  assert.equal(refreshedHistory(history, fresh, "next", [], known).nextCursor, "beyond");
  assert.deepEqual(ids(refreshedHistory(history, fresh, null, [], known)), [5, 2]);
  assert.equal(refreshedHistory(history, fresh, null, [], known).nextCursor, null);
});

test("a pinned chat appears once, wherever it is in the list, and leaves the pinned ones when it is unpinned", () => {
  const pinned = [item(9, 1, { pinned: true }), item(2, 20, { pinned: true })];
  const fresh = [item(5, 40), item(2, 20, { pinned: true })];
  const first = refreshedHistory({ items: [], nextCursor: null }, fresh, "next", pinned, new Map());
  assert.deepEqual(
    first.items.map(({ id }) => id),
    [9, 2, 5],
  );
  const later = refreshedHistory(first, fresh, "next", [item(2, 20, { pinned: true })], byId(first.items));
  assert.deepEqual(
    later.items.map(({ id }) => id),
    [2, 5],
  );
});

test("a chat created since the request stays, and one deleted elsewhere disappears", () => {
  const ids = ({ items }) => items.map(({ id }) => id);
  const history = { items: [item(7, 50), item(5, 40), item(2, 20)], nextCursor: null };
  const asked = byId(history.items.slice(1));
  assert.deepEqual(ids(refreshedHistory(history, [item(2, 20)], null, [], asked)), [7, 2]);
  assert.deepEqual(ids(refreshedHistory(history, [], null, [], asked)), [7]);
  assert.deepEqual(ids(refreshedHistory(history, [item(7, 50), item(2, 20)], null, [], asked)), [7, 2]);
  assert.deepEqual(ids(refreshedHistory(history, [item(5, 40)], null, [item(7, 50, { pinned: true })], asked)), [7, 5]);
  // A page of older items that came meanwhile keeps its place.
  assert.deepEqual(
    ids(refreshedHistory(history, [item(5, 40)], "next", [], new Map([7, 5].map((id) => [id, {}])))),
    [5, 2],
  );
});

test("the running flag is this window's if it changed while the list was on its way", () => {
  for (const [known, asked, said, expected] of [
    [item(5, 40), item(5, 40, { running: true }), true, false],
    [item(5, 40, { running: true }), item(5, 40), false, true],
    [item(5, 40), undefined, true, false],
  ]) {
    const before = new Map(asked ? [[5, asked]] : []);
    const at = { items: [known], nextCursor: null };
    for (const pinned of [false, true]) {
      const told = [item(5, 40, { running: said, pinned })];
      assert.equal(refreshedHistory(at, told, null, pinned ? told : [], before).items[0].running, expected);
    }
  }
  const same = item(5, 40);
  const { items } = refreshedHistory(
    { items: [same], nextCursor: null },
    [item(5, 40, { running: true })],
    null,
    [],
    byId([same]),
  );
  assert.equal(items[0].running, true);
});

test("marks count code points, and invalid ones are ignored", () => {
  const hits = (text, marks) => highlighted(text, marks).map((piece) => (piece.hit ? `[${piece.text}]` : piece.text));
  assert.deepEqual(hits("🐦 the kingfisher", [[6, 16]]), ["🐦 the ", "[kingfisher]"]);
  assert.deepEqual(hits("abc", []), ["abc"]);
  assert.deepEqual(hits("abcdef", [[4, 99], [0, 2], [1, 3], ["x", 2], null, [-1, 2]]), ["[ab]", "[c]", "d", "[ef]"]);
  assert.deepEqual(hits("", [[0, 3]]), []);
});

test("a hit in a title has no target message", () => {
  assert.equal(readSearchHit({ id: 1, title: "x" }).snippet, null);
  const { snippet } = readSearchHit({ id: 1, title: "x", snippet: { text: "a b", marks: [[2, 3]], message_id: 7 } });
  assert.deepEqual(snippet, {
    pieces: [
      { text: "a ", hit: false },
      { text: "b", hit: true },
    ],
    messageId: 7,
  });
});
