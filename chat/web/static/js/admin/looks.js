// Deeper looks into one worker: what each costs, and what it found.

import { html, useState } from "../view.js";
import { texts } from "./catalogue.js";
import { bytes, milliseconds } from "./figures.js";
import { keyOf } from "./history.js";
import { takeLook } from "./requests.js";

const LOOKS = [
  ["stacks", "stacks"],
  ["growth", "growth"],
  ["collection", "collection"],
  ["tracemalloc_start", "tracemalloc/start"],
  ["tracemalloc_snapshot", "tracemalloc/snapshot"],
  ["tracemalloc_difference", "tracemalloc/difference"],
  ["tracemalloc_stop", "tracemalloc/stop"],
  ["log_level", "log-level"],
];

export function Looks({ report, onSignedOut }) {
  const [chosen, setChosen] = useState("");
  const [running, setRunning] = useState("");
  const [outcome, setOutcome] = useState(/** @type {any} */ (null));
  const worker = report.workers.find((each) => keyOf(each) === chosen) ?? report.workers[0];

  async function take(name, path) {
    setRunning(name);
    try {
      setOutcome({ answer: await takeLook(path, { pid: worker.pid, host: worker.host }) });
    } catch (thrown) {
      const error = /** @type {import("./requests.js").Refused} */ (thrown);
      if (error.status === 401) onSignedOut();
      setOutcome({ problem: texts.lookProblems[error.code] ?? texts.lookProblem });
    }
    setRunning("");
  }

  return html`<p>${texts.looksIntro}</p>
    <label class="chosen-worker">
      ${texts.columns.worker}
      <select value=${keyOf(worker)} onChange=${(event) => setChosen(event.target.value)}>
        ${report.workers.map(
          (each) => html`<option key=${keyOf(each)} value=${keyOf(each)}>${each.pid} (${each.server})</option>`,
        )}
      </select>
    </label>
    <ul class="looks">
      ${LOOKS.map(
        ([name, path]) => html`<li key=${name}>
          <button type="button" disabled=${running !== ""} aria-describedby=${`cost-${name}`} onClick=${() => take(name, path)}>
            ${texts.looks[name].name}
          </button>
          <span class="muted small" id=${`cost-${name}`}>${texts.looks[name].cost}</span>
        </li>`,
      )}
    </ul>
    <div aria-live="polite">
      ${running && html`<p class="progress"><span class="spinner" />${texts.looking}</p>`}
      ${outcome?.problem && html`<p class="problem">${outcome.problem}</p>`}
      ${outcome?.answer && html`<${Outcome} answer=${outcome.answer} />`}
    </div>`;
}

function Outcome({ answer }) {
  const pid = answer.worker.split(":").at(-1);
  const summary = texts.looks[answer.look].summary(answer.figures, (value) => bytes(value, texts.locale));
  return html`<p class="outcome">
      ${texts.lookTook(pid, milliseconds(answer.ms, texts.locale))} ${summary}
    </p>
    ${
      answer.findings.length > 0 &&
      html`<ol class="findings">
        ${answer.findings.map((each, index) => html`<${Finding} key=${index} finding=${each} />`)}
      </ol>`
    }`;
}

function Finding({ finding }) {
  const amount = finding.bytes
    ? `${bytes(finding.bytes, texts.locale)} · ${(finding.count ?? 0).toLocaleString(texts.locale)}`
    : (finding.count ?? 0).toLocaleString(texts.locale);
  const what = texts.kinds[finding.what]?.(finding.count) ?? finding.what;
  if (!finding.stack?.length) return html`<li><span class="figure">${amount}</span> <code>${what}</code></li>`;
  return html`<li>
    <details>
      <summary><span class="figure">${what}</span> <code>${finding.stack[0]}</code></summary>
      <pre>${finding.stack.join("\n")}</pre>
    </details>
  </li>`;
}
