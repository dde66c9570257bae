import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

// The browser's storage and its events, as far as the page uses them.
const listeners = {};
globalThis.addEventListener = (name, listener) => (listeners[name] = listener);
beforeEach(() => {
  globalThis.localStorage = Object.defineProperties(
    {},
    Object.fromEntries(
      Object.entries({
        getItem(name) {
          return Object.hasOwn(this, name) ? this[name] : null;
        },
        setItem(name, value) {
          this[name] = String(value);
        },
        removeItem(name) {
          delete this[name];
        },
      }).map(([name, value]) => [name, { value }]),
    ),
  );
});

const { loadPersisted, persist } = await import("../../chat/web/static/js/browser/persistence.js");
const { NEW } = await import("../../chat/web/static/js/state/conversation.js");
const { initialState } = await import("../../chat/web/static/js/state/page.js");
const { DEFAULTS, readPreferences } = await import("../../chat/web/static/js/state/preferences.js");

function openPage() {
  const heard = [];
  const store = {
    state: { ...initialState(), ...loadPersisted() },
    subscribe: (listener) => heard.push(listener),
    update(change) {
      this.state = { ...this.state, ...(typeof change === "function" ? change(this.state) : change) };
      for (const listener of heard) listener(this.state);
    },
  };
  persist(store);
  return store;
}

test("drafts, queues and preferences are restored", () => {
  const store = openPage();
  store.update({
    drafts: new Map([
      [NEW, "new"],
      [7, "seven"],
    ]),
  });
  store.update({ queues: new Map([[7, [{ clientId: "a", text: "later" }]]]) });
  store.update({ preferences: { ...DEFAULTS, theme: "dark" } });
  const { drafts, queues, preferences } = openPage().state;
  assert.deepEqual([...drafts].sort(), [
    [7, "seven"],
    [NEW, "new"],
  ]);
  assert.deepEqual(queues.get(7), [{ clientId: "a", text: "later" }]);
  assert.equal(preferences.theme, "dark");
});

test("sent and emptied entries are removed from storage", () => {
  const store = openPage();
  store.update({ drafts: new Map([[7, "seven"]]), queues: new Map([[7, [{ clientId: "a", text: "later" }]]]) });
  store.update({ drafts: new Map(), queues: new Map() });
  assert.deepEqual(Object.keys(localStorage), []);
});

test("nothing of a temporary chat is stored", () => {
  const store = openPage();
  store.update({ temporary: true });
  store.update({ drafts: new Map([[NEW, "secret"]]) });
  store.update({
    temporary: false,
    conversations: new Map([[7, { temporary: true }]]),
    drafts: new Map([[7, "secret"]]),
    queues: new Map([[7, [{ clientId: "a", text: "secret" }]]]),
  });
  assert.doesNotMatch(JSON.stringify({ ...localStorage }), /secret/);
});

test("queues and preferences of another window are applied", () => {
  const store = openPage();
  localStorage.setItem("parley.queue.7", JSON.stringify([{ clientId: "a", text: "theirs" }]));
  listeners.storage({ key: "parley.queue.7" });
  assert.equal(store.state.queues.get(7)[0].text, "theirs");
  localStorage.removeItem("parley.queue.7");
  listeners.storage({ key: "parley.queue.7" });
  assert.equal(store.state.queues.has(7), false);
  localStorage.setItem("parley.preferences", JSON.stringify({ theme: "light" }));
  listeners.storage({ key: "parley.preferences" });
  assert.equal(store.state.preferences.theme, "light");
  listeners.storage({ key: null });
});

test("invalid entries and missing storage cause no error", () => {
  const nothing = {
    drafts: new Map(),
    queues: new Map(),
    models: new Map(),
    awaitedIds: new Set(),
    unreadIds: new Set(),
    preferences: DEFAULTS,
  };
  localStorage.setItem("parley.draft.7", "{");
  localStorage.setItem("parley.queue.7", '"x"');
  localStorage.setItem("parley.preferences", "[]");
  assert.deepEqual(loadPersisted(), nothing);
  globalThis.localStorage = undefined;
  assert.deepEqual(loadPersisted(), nothing);
  openPage().update({ drafts: new Map([[7, "x"]]) });
});

test("preferences of another version are read as far as they are valid", () => {
  assert.deepEqual(readPreferences({ theme: "sepia", sidebar: false, keys: 0, model: 3 }), {
    ...DEFAULTS,
    sidebar: false,
  });
  assert.deepEqual(readPreferences(null), DEFAULTS);
});

test("a chat that the server does not know yet leaves nothing", () => {
  const store = openPage();
  store.update({
    drafts: new Map([["local-1", "typed"]]),
    queues: new Map([["local-1", [{ clientId: "a", text: "b" }]]]),
  });
  store.update({ drafts: new Map(), queues: new Map() });
  store.update({ drafts: new Map([["local-2", "typed"]]) });
  assert.deepEqual(Object.keys(localStorage), []);
});
