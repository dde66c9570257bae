// One message: what a person asked, or an answer with its tool calls, words, and how it ended.

import { duration } from "../chart/format.js";
import { mayRetry } from "../state/message.js";
import { strings } from "../strings/index.js";
import { html, pure } from "../view.js";
import { WordButton } from "./buttons.js";
import { Icon, Spinner } from "./icons.js";
import { MarkdownText } from "./markdown-text.js";
import { ToolCall } from "./tool-call.js";

export const Question = pure(
  ({ message }) => html`
  <article class="question">
    <h2 class="unseen">${strings.thread.you}</h2>
    <p>${message.parts.map((part) => part.text).join("")}</p>
  </article>
`,
);

/** `turnPhase` is the running turn's phase, for the message it writes; `idle` whether Retry may be offered. */
export const Answer = pure(({ message, turnPhase, idle, onRetry, onReconnect }) => {
  const active = message.status === "running";
  return html`
    <article class="answer">
      <h2 class="unseen">${strings.thread.answer}</h2>
      ${message.parts.map((part, index) => html`<${Part} key=${index} part=${part} active=${active} />`)}
      ${active && html`<${Progress} message=${message} phase=${turnPhase} onReconnect=${onReconnect} />`}
      ${!active && html`<${Ending} message=${message} onRetry=${idle && mayRetry(message) ? onRetry : null} />`}
    </article>
  `;
});

const Part = pure(({ part, active }) => {
  if (part.kind === "tool") return html`<${ToolCall} call=${part.call} active=${active} />`;
  if (part.kind === "text") return html`<${MarkdownText} text=${part.text} />`;
  return html`
    <details class="reasoning">
      <summary><${Icon} name="chevron" />${strings.answer.reasoning}</summary>
      <p>${part.text}</p>
    </details>
  `;
});

/** What is said below an answer that is not finished. */
function Progress({ message, phase, onReconnect }) {
  if (phase === "lost") {
    return html`
      <div class="ending">
        <p>${strings.answer.lost}</p>
        <${WordButton} icon="retry" word=${strings.answer.reconnect} onClick=${onReconnect} />
      </div>
    `;
  }
  if (phase === "reconnecting") return html`<p class="progress"><${Spinner} />${strings.answer.reconnecting}</p>`;
  const last = message.parts.at(-1);
  const busyTool = last?.kind === "tool" && !last.call.result;
  const words = last?.kind === "text";
  return busyTool || words ? null : html`<p class="progress"><${Spinner} />${strings.answer.waiting}</p>`;
}

function Ending({ message, onRetry }) {
  const { status, error, parts } = message;
  if (status === "completed") {
    const empty = parts.length === 0 && html`<p class="muted">${strings.answer.empty}</p>`;
    return html`${empty}<${About} message=${message} />`;
  }
  const failed = status === "failed";
  const words = error?.message || strings.answer[status] || strings.answer.failed;
  return html`
    <div class=${failed ? "ending failed" : "ending"}>
      <p>${failed && html`<${Icon} name="alert" />`}${words}</p>
      ${onRetry && html`<${WordButton} icon="retry" word=${strings.answer.retry} onClick=${() => onRetry(message)} />`}
    </div>
  `;
}

function About({ message: { model, durationMs } }) {
  const facts = [model, durationMs === null ? null : duration(durationMs)].filter(Boolean);
  return facts.length > 0 ? html`<p class="about">${facts.join(" · ")}</p>` : null;
}
