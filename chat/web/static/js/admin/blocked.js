// The last times in which a worker's loop was blocked, with the code that held it.

import { html } from "../view.js";
import { texts } from "./catalogue.js";
import { milliseconds } from "./figures.js";

const SHOWN = 20;

export function Blocked({ report }) {
  const all = report.workers.flatMap((worker) => worker.blocked.map((each) => ({ ...each, pid: worker.pid })));
  all.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  if (all.length === 0)
    return html`<p class="muted">${report.mode === "async" ? texts.nothingBlocked : texts.noLoop}</p>`;
  const time = new Intl.DateTimeFormat(texts.locale, { timeStyle: "medium" });
  return html`<ul class="blocked">
    ${all.slice(0, SHOWN).map(
      (each) => html`<li key=${`${each.pid} ${each.at}`}>
        <span class="figure">${milliseconds(each.ms, texts.locale)}</span>
        <code>${each.where}</code>
        <span class="muted small">${time.format(new Date(each.at))} · ${each.pid}</span>
      </li>`,
    )}
  </ul>`;
}
