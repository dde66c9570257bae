import assert from "node:assert/strict";
import { test } from "node:test";

import { api } from "../../chat/web/static/js/network/api.js";

test("text that JSON cannot carry is sent without what nobody sees", async () => {
  const sent = [];
  globalThis.fetch = async (_, { body }) => {
    sent.push(JSON.parse(body).text);
    return Response.json({ turn_id: 1 });
  };
  for (const text of ["half \ud83d of", "\ude00 first", "NUL\0", "\ud83d\ude00 whole", "\ud83d\ud83d\ude00"])
    await api.startTurn(7, { text }, false);
  assert.deepEqual(sent, ["half  of", " first", "NUL", "\u{1f600} whole", "\u{1f600}"]);
});
