// The operators' page: health, workers, blocks, conversations, looks. It refreshes itself and keeps its place.

import { html } from "../view.js";
import { Blocked } from "./blocked.js";
import { texts } from "./catalogue.js";
import { Conversations } from "./conversations.js";
import { bytes } from "./figures.js";
import { healthOf } from "./health.js";
import { Looks } from "./looks.js";
import { Workers } from "./workers.js";

export function Page({ report, history, problem, home, onSignOut, onSignedOut }) {
  if (!report) {
    return html`<main class="admin" aria-busy="true">
      <h1>${texts.title}</h1>
      <p class=${problem ? "problem" : "progress"} role="status">${problem || texts.loading}</p>
    </main>`;
  }
  const { totals } = report;
  const time = new Intl.DateTimeFormat(texts.locale, { timeStyle: "medium" }).format(new Date(report.at));
  return html`<main class="admin">
    <header class="admin-head">
      <h1>${texts.title}</h1>
      <p class="muted small">${texts.modes[report.mode]} · ${texts.refreshed(time)}</p>
      <nav>
        <a class="button" href=${home}>${texts.chats}</a>
        ${onSignOut && html`<button type="button" onClick=${onSignOut}>${texts.signOut}</button>`}
      </nav>
    </header>
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    <${Health} report=${report} history=${history} />
    <dl class="totals">
      ${[
        [texts.totals.turns, totals.active_turns.toLocaleString(texts.locale)],
        [texts.totals.conversations, totals.conversations_in_memory.toLocaleString(texts.locale)],
        [texts.totals.memory, bytes(totals.memory_bytes, texts.locale)],
        [texts.totals.rss, bytes(totals.rss_bytes, texts.locale)],
      ].map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
    <section><h2>${texts.workers}</h2><${Workers} report=${report} history=${history} /></section>
    <section><h2>${texts.blockedTitle}</h2><${Blocked} report=${report} /></section>
    <section><h2>${texts.conversations}</h2><${Conversations} report=${report} /></section>
    <section><h2>${texts.looksTitle}</h2><${Looks} report=${report} onSignedOut=${onSignedOut} /></section>
  </main>`;
}

function Health({ report, history }) {
  const { well, problems } = healthOf(report, history);
  return html`<section class=${problems.length > 0 ? "health warning" : "health"} aria-live="polite">
    ${well > 0 && html`<p>${texts.well(well, report.totals.servers)}</p>`}
    ${
      problems.length > 0 &&
      html`<ul>
        ${problems.map(
          ({ kind, worker, value }) => html`<li key=${`${worker.host}:${worker.pid}`}>
            ${texts.problems[kind](worker.pid, value, (size) => bytes(size, texts.locale))}
          </li>`,
        )}
      </ul>`
    }
  </section>`;
}
