// Builds the parts of the page and starts it: the chats, or one shared chat.

import { createActions } from "./actions/index.js";
import { keyPresses } from "./actions/key-presses.js";
import { isApple } from "./browser/keys.js";
import { loadPersisted, persist } from "./browser/persistence.js";
import { watchPrinting } from "./browser/printing.js";
import { keyOfPath } from "./browser/router.js";
import { ignoreStrayClicks } from "./browser/second-click.js";
import { showTheme } from "./browser/theme.js";
import { onOtherWindowMessage } from "./browser/windows.js";
import { App, preloadLazyParts } from "./components/shell/app.js";
import { api, onReach } from "./network/api.js";
import { watchConnection } from "./network/connection.js";
import { slotsOfPage } from "./network/stream-slots.js";
import { initialState } from "./state/page.js";
import { Store } from "./state/store.js";
import { withAwaited } from "./state/unread.js";
import { strings } from "./strings/index.js";
import { html, render } from "./view.js";

const REFRESH_AFTER_MS = 15_000;
const whenIdle = globalThis.requestIdleCallback ?? ((run) => setTimeout(run, 200));
const root = /** @type {HTMLElement} */ (document.getElementById("app"));

document.documentElement.lang = strings.language;
watchPrinting(globalThis);
const { shared } = document.body.dataset;
if (shared) startShared(shared);
else startChats();

async function startShared(token) {
  const { SharedChat } = await import("./components/shell/shared-chat.js");
  root.replaceChildren();
  render(html`<${SharedChat} load=${() => api.shared(token)} />`, root);
}

function startChats() {
  const store = new Store({ ...initialState(), ...loadPersisted() }, withAwaited);
  const actions = createActions({ store, api, slots: slotsOfPage() });

  ignoreStrayClicks(document);
  // Before the state is stored.
  addEventListener("pagehide", actions.returnUnsent);
  persist(store);
  store.subscribe(actions.watchQueues);
  store.subscribe(actions.watchEnds);
  for (const name of ["focus", "visibilitychange"]) addEventListener(name, actions.watchEnds, true);
  store.subscribe((state) => draw(state, actions));
  addEventListener("popstate", () => actions.show(keyOfPath(location.pathname)));
  addEventListener("pagehide", actions.settleRemoval);
  document.addEventListener("keydown", keyListener(store, actions));
  refreshWhenSeen(actions);
  onOtherWindowMessage(actions.onChangeElsewhere);
  closeDrawerWhenWide(actions);
  watchConnection({ store, onReach, alive: api.alive, onBack: () => refreshAfterOutage(store, actions) });
  onReach((reached) => reached && actions.clearUnreachable());
  root.replaceChildren();
  actions.show(keyOfPath(location.pathname));
  actions.loadMe();
  actions.refreshHistory();
  store.flush();
  // If this fails, the parts are loaded when they are needed.
  whenIdle(() => preloadLazyParts().catch(() => {}));
}

function draw(state, actions) {
  showTheme(state.preferences.theme);
  render(html`<${App} state=${state} actions=${actions} />`, root);
  const title = state.conversations.get(state.openKey)?.title;
  const unread = state.unreadIds.size > 0 ? `(${state.unreadIds.size}) ` : "";
  document.title = unread + (title ? `${title} · ${strings.product}` : strings.product);
}

function keyListener(store, actions) {
  return keyPresses({
    stateOf: () => store.state,
    actions,
    apple: isApple(),
    dialogs: {
      isThere: () => document.querySelector("dialog") !== null,
      isOpen: () => document.querySelector("dialog[open]") !== null,
    },
    focusField: () => document.getElementById("message-field")?.focus({ preventScroll: true }),
  });
}

/** Refresh when this window becomes visible: another one may have made changes. */
function refreshWhenSeen(actions) {
  let last = Date.now();
  const refresh = () => {
    if (document.hidden || Date.now() - last < REFRESH_AFTER_MS) return;
    last = Date.now();
    actions.refreshHistory();
    actions.catchUp();
  };
  document.addEventListener("visibilitychange", refresh);
  addEventListener("focus", refresh);
}

/** Load what was missed while the server was unreachable. */
function refreshAfterOutage(store, actions) {
  if (!store.state.me) actions.loadMe();
  actions.refreshHistory();
  actions.catchUp();
}

/** In a wider window the drawer is a column again, and the page behind it must be usable. */
function closeDrawerWhenWide(actions) {
  matchMedia("(min-width: 50.01rem)").addEventListener("change", actions.closeDrawer);
}
