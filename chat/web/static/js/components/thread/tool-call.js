// A tool call as one line: running, then its result. It opens to the arguments and the data.

import { dateLabel, duration } from "../../chart/format.js";
import { label as inWords } from "../../state/result-translation.js";
import { strings } from "../../strings/index.js";
import { html, memo, useState } from "../../view.js";
import { Icon, Spinner } from "../elements/icons.js";
import { parsedResult } from "./parsed-result.js";
import { Result } from "./result.js";

const LONGEST = 20_000;

/** `active`: the turn is running, so a missing result may still come. */
export const ToolCall = memo(({ call, active }) => {
  const [open, setOpen] = useState(false);
  const { result } = call;
  const state = result ? (result.ok ? "done" : "failed") : active ? "running" : "unfinished";
  return html`
    <div class="tool ${state}">
      <details onToggle=${(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <${Sign} state=${state} />
          <span class="tool-summary" dir="auto">${sentence(call, state)}</span>
          ${result?.durationMs != null && html`<span class="tool-duration">${duration(result.durationMs)}</span>`}
          <${Icon} name="chevron" />
        </summary>
        ${open && html`<${Details} call=${call} state=${state} />`}
      </details>
      ${result?.ok && html`<${Result} data=${result.data} />`}
    </div>
  `;
});

function Sign({ state }) {
  if (state === "running") return html`<${Spinner} />`;
  return html`<${Icon} name=${{ done: "check", failed: "alert", unfinished: "dash" }[state]} />`;
}

function sentence({ label: text, progress, result }, state) {
  const label = inWords(text);
  if (state === "running") return (progress ?? label).replace(/(\.{3}|…)?$/, "…");
  if (state === "unfinished") return `${label}: ${strings.tool.unfinished}`;
  return (result.ok && summaryOf(result)) || (result.ok ? label : `${label}: ${strings.tool.failed}`);
}

/** Return the result's summary in the page's language: from its table if the tool's sentence is in another language. */
function summaryOf({ data, summary }) {
  const card = strings.language === "en" ? null : parsedResult(data);
  const rows = card?.tables[0]?.rows.slice(0, 2) ?? [];
  if (rows.length === 0) {
    return summary
      .replace(/(\d) %/g, (_, digit) => strings.figures.percent(digit))
      .replace(/\b\d{4}-\d{2}-\d{2}\b/g, dateLabel);
  }
  return `${card.title}: ${rows.map(([name, value, when]) => `${name} ${value}${when ? ` (${when})` : ""}`).join(", ")}`;
}

function Details({ call, state }) {
  return html`
    <dl>
      <dt>${strings.tool.call}</dt>
      <dd dir="auto">${call.label} <code>${call.name}</code></dd>
      <dt>${strings.tool.arguments}</dt>
      <dd><pre tabindex="0">${pretty(call.arguments)}</pre></dd>
      <dt>${strings.tool.result}</dt>
      <dd dir="auto">${call.result?.summary ?? strings.tool[state]}</dd>
      ${
        call.result?.durationMs != null &&
        html`<dt>${strings.tool.duration}</dt><dd>${duration(call.result.durationMs)}</dd>`
      }
      ${call.result?.data != null && html`<${RawData} data=${call.result.data} />`}
    </dl>
  `;
}

/** The raw data, drawn only when it is opened. */
function RawData({ data }) {
  const [open, setOpen] = useState(false);
  return html`
    <dt>${strings.tool.data}</dt>
    <dd>
      <details onToggle=${(event) => setOpen(event.currentTarget.open)}>
        <summary>JSON</summary>
        ${open && html`<pre tabindex="0">${pretty(data)}</pre>`}
      </details>
    </dd>
  `;
}

/** Format JSON. Arguments may also be a model's text that is not JSON. */
function pretty(value) {
  let text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  if (typeof value === "string") {
    try {
      text = JSON.stringify(JSON.parse(value), null, 2);
    } catch {
      // Shown as it is.
    }
  }
  return text.length <= LONGEST ? text : text.slice(0, LONGEST) + strings.tool.shortened(text.length - LONGEST);
}
