// Starts the operators' page: fetches the report again and again, and draws it.

import { BASE } from "../browser/base.js";
import { readStored } from "../browser/storage.js";
import { showTheme } from "../browser/theme.js";
import { html, render } from "../view.js";
import { texts } from "./catalogue.js";
import { withReport } from "./history.js";
import { Page } from "./page.js";
import { fetchReport, signOut } from "./requests.js";

const EVERY_MS = 5000;
const HISTORY = `parley${BASE}.workers`;
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
const state = { report: null, history: storedHistory(), problem: "" };

document.documentElement.lang = texts.language;
document.title = `${texts.title} · Parley`;
showTheme(readStored("preferences")?.theme ?? "system");
root.replaceChildren();
refresh();

async function refresh() {
  // A page that nobody sees asks rarely, but goes on: its history is then without gaps.
  try {
    state.report = await fetchReport();
    state.history = withReport(state.history, state.report);
    state.problem = "";
    storeHistory();
  } catch (thrown) {
    const error = /** @type {import("./requests.js").Refused} */ (thrown);
    if (error.status === 401 || error.status === 403) return reload();
    state.problem = texts.unreachable;
  }
  draw();
  setTimeout(refresh, document.hidden ? 3 * EVERY_MS : EVERY_MS);
  return undefined;
}

function draw() {
  const { report, history, problem } = state;
  render(
    html`<${Page}
      report=${report}
      history=${history}
      problem=${problem}
      home=${`${BASE}/`}
      onSignOut=${root.dataset.session === undefined ? undefined : leave}
      onSignedOut=${reload}
    />`,
    root,
  );
}

/** The server answers with the form to sign in. */
function reload() {
  location.reload();
}

async function leave() {
  try {
    await signOut();
  } catch {
    state.problem = texts.stillSignedIn;
    return draw();
  }
  return reload();
}

function storedHistory() {
  try {
    return JSON.parse(sessionStorage.getItem(HISTORY) ?? "{}");
  } catch {
    return {};
  }
}

function storeHistory() {
  try {
    sessionStorage.setItem(HISTORY, JSON.stringify(state.history));
  } catch {
    // Storage is full or forbidden: the history begins anew with each load.
  }
}
