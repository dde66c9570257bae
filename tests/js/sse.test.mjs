import assert from "node:assert/strict";
import { test } from "node:test";

import { EventParser, readEvents, StreamBroken } from "../../chat/web/static/js/network/sse.js";

const STREAM =
  ': hello\n\nid: 1\nevent: turn\ndata: {"a": 1}\n\nid: 2\nevent: delta\ndata: one\ndata: two\n\n: beat\n\ndata:no name\n\n';
const EVENTS = [
  { name: "turn", id: "1", data: '{"a": 1}' },
  { name: "delta", id: "2", data: "one\ntwo" },
  { name: "message", id: "2", data: "no name" },
];

function parse(pieces) {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.feed(piece));
}

test("events are the same wherever the stream is cut, with every kind of line end", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = STREAM.replaceAll("\n", end);
    for (let cut = 0; cut <= text.length; cut += 1) {
      assert.deepEqual(parse([text.slice(0, cut), text.slice(cut)]), EVENTS, `${JSON.stringify(end)} cut at ${cut}`);
    }
    assert.deepEqual(parse([...text]), EVENTS);
  }
});

test("an incomplete event is not returned", () => {
  assert.deepEqual(parse(["event: delta\ndata: half"]), []);
  assert.deepEqual(parse(["event: delta\ndata: half\n"]), []);
});

test("a name without data is no event, and does not name the next one", () => {
  assert.deepEqual(parse(["event: delta\n\ndata: x\n\n"]), [{ name: "message", id: "", data: "x" }]);
});

test("a byte order mark is dropped at the beginning only", () => {
  assert.deepEqual(parse(["\uFEFFdata: \uFEFFx\n\n"]), [{ name: "message", id: "", data: "\uFEFFx" }]);
});

function byteStream(pieces, { fail = false, hang = false } = {}) {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      if (fail) controller.error(new Error("reset"));
      else if (!hang) controller.close();
    },
  });
}

async function collect(stream, silenceMs = 5000) {
  const events = [];
  for await (const event of readEvents(stream, silenceMs)) events.push(event.data);
  return events;
}

test("characters whose bytes arrive separately are joined", async () => {
  const bytes = new TextEncoder().encode("data: é€😀\n\n");
  assert.deepEqual(await collect(byteStream([...bytes].map((byte) => Uint8Array.of(byte)))), ["é€😀"]);
});

test("a stream that fails, or falls silent, is broken", async () => {
  await assert.rejects(collect(byteStream([], { fail: true })), StreamBroken);
  await assert.rejects(
    collect(byteStream([new TextEncoder().encode("data: x\n\n")], { hang: true }), 20),
    StreamBroken,
  );
});
