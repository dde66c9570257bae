// Builds the page's parts once, and starts it.

import { createActions } from "./actions/index.js";
import { api } from "./api.js";
import { App } from "./components/app.js";
import { keyOfPath } from "./router.js";
import { initialState } from "./state/page.js";
import { Store } from "./state/store.js";
import { strings } from "./strings/index.js";
import { html, render } from "./view.js";

const REFRESH_AFTER_MS = 15_000;

const store = new Store(initialState());
const actions = createActions({ store, api });
const root = document.getElementById("app");

function draw(state) {
  render(html`<${App} state=${state} actions=${actions} />`, root);
  const title = state.conversations.get(state.openKey)?.title;
  document.title = title ? `${title} · ${strings.product}` : strings.product;
}

/** Another window may have gone on meanwhile: coming back to this one asks what is new. */
function refreshWhenSeen() {
  let last = Date.now();
  const refresh = () => {
    if (document.hidden || Date.now() - last < REFRESH_AFTER_MS) return;
    last = Date.now();
    actions.refreshHistory();
    actions.catchUp();
  };
  document.addEventListener("visibilitychange", refresh);
  addEventListener("focus", refresh);
  addEventListener("online", actions.catchUp);
}

/** A drawer that the window has outgrown is a column again, and the page behind it must be usable. */
function closeDrawerWhenWide() {
  matchMedia("(min-width: 50.01rem)").addEventListener("change", actions.closeDrawer);
}

store.subscribe(draw);
addEventListener("popstate", () => actions.show(keyOfPath(location.pathname)));
refreshWhenSeen();
closeDrawerWhenWide();
actions.show(keyOfPath(location.pathname));
actions.loadMe();
actions.refreshHistory();
draw(store.state);
