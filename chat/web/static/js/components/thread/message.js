// An answer: reasoning, tool calls, text, and its end.

import { duration } from "../../chart/format.js";
import { directionOf } from "../../markdown/direction.js";
import { answerErrorText } from "../../network/errors.js";
import { canContinue, canRetry } from "../../state/message.js";
import { strings } from "../../strings/index.js";
import { html, memo, useState } from "../../view.js";
import { IconButton, WordButton } from "../elements/buttons.js";
import { Icon, Spinner } from "../elements/icons.js";
import { copyContent, hasContent } from "./copy-content.js";
import { MarkdownText } from "./markdown-text.js";
import { BranchSwitcher, CopyButton, Feedback, MessageActions } from "./message-actions.js";
import { RegenerateMenu } from "./regenerate-menu.js";
import { ToolCall } from "./tool-call.js";

export { Question } from "./question.js";

/**
 * `turnPhase` is that of the running turn, for its own message. `idle`: another answer may be requested. The message
 * is version `index` of `count`. `far`: not among the first visible messages, so its text may be drawn later. A shared
 * answer is `readOnly` and needs no `actions`.
 */
export const Answer = memo(
  ({
    message,
    index = 0,
    count = 1,
    turnPhase = null,
    idle = false,
    last = false,
    far = false,
    readOnly = false,
    actions,
  }) => {
    const active = message.status === "running";
    const parts = message.parts.length;
    return html`
      <article class="answer" data-message=${message.id} data-key=${message.key} aria-busy=${active ? "true" : null}>
        <h2 class="visually-hidden">${strings.thread.answer}</h2>
        ${message.parts.map(
          (part, index) =>
            html`<${Part} key=${index} part=${part} active=${active} last=${index === parts - 1} far=${far} />`,
        )}
        ${active && html`<${Progress} message=${message} phase=${turnPhase} onReconnect=${actions?.reopen} />`}
        ${!active && html`<${Notices} codes=${message.notices} />`}
        ${!active && html`<${Ending} message=${message} actions=${idle && last ? actions : null} />`}
        ${
          !active &&
          !readOnly &&
          html`<${Foot} message=${message} index=${index} count=${count} idle=${idle} last=${last} actions=${actions} />`
        }
        ${!active && readOnly && html`<p class="about">${factsOf(message)}</p>`}
      </article>
    `;
  },
);

const Part = memo(({ part, active, last, far }) => {
  if (part.kind === "tool") return html`<${ToolCall} call=${part.call} active=${active} />`;
  if (part.kind === "text") return html`<${MarkdownText} text=${part.text} growing=${active && last} far=${far} />`;
  return html`<${Reasoning} text=${part.text} thinking=${active && last} />`;
});

/** The model's reasoning, folded to one line. */
function Reasoning({ text, thinking }) {
  const [open, setOpen] = useState(false);
  return html`
    <details class=${thinking ? "reasoning thinking" : "reasoning"} onToggle=${(event) => setOpen(event.currentTarget.open)}>
      <summary>
        ${thinking ? html`<${Spinner} />` : html`<${Icon} name="chevron" />`}
        <span>${thinking ? strings.answer.waiting : strings.answer.reasoning}</span>
      </summary>
      ${open && html`<p dir=${directionOf(text)}>${text}</p>`}
    </details>
  `;
}

/** The line below an answer that is not finished. */
function Progress({ message, phase, onReconnect }) {
  if (phase === "lost") {
    return html`
      <div class="status-box">
        <p>${strings.answer.lost}</p>
        <${WordButton} icon="retry" word=${strings.answer.reconnect} onClick=${onReconnect} />
      </div>
    `;
  }
  if (phase === "reconnecting")
    return html`<p class="progress reconnecting"><${Spinner} />${strings.answer.reconnecting}</p>`;
  const last = message.parts.at(-1);
  const shown = (last?.kind === "tool" && !last.call.result) || last?.kind === "text" || last?.kind === "reasoning";
  return shown ? null : html`<p class="progress"><${Spinner} />${strings.answer.waiting}</p>`;
}

/** Notes on how the question was sent to the model. */
function Notices({ codes }) {
  return codes
    .filter((code) => strings.answer.notice[code])
    .map((code) => html`<p key=${code} class="muted notice">${strings.answer.notice[code]}</p>`);
}

function Ending({ message, actions }) {
  const { status, error, parts } = message;
  if (status === "completed") return parts.length === 0 ? html`<p class="muted">${strings.answer.empty}</p>` : null;
  const continueButton =
    actions && canContinue(message) && html`<${ContinueButton} message=${message} actions=${actions} />`;
  if (status === "stopped") {
    return html`
      <div class="stopped-line">
        <p class="stopped"><${Icon} name="stop" />${strings.answer.stopped}</p>
        ${continueButton}
      </div>
    `;
  }
  const failed = status === "failed";
  const words =
    status === "interrupted" ? strings.answer.interrupted : (error && answerErrorText(error)) || strings.answer.failed;
  return html`
    <div class=${failed ? "status-box failed" : "status-box"}>
      <p><${Icon} name="alert" />${words}</p>
      ${continueButton}
      ${
        actions &&
        canRetry(message) &&
        html`<${WordButton} icon="retry" word=${strings.answer.retry} data-once=${true} onClick=${() => actions.retry(message)} />`
      }
    </div>
  `;
}

function ContinueButton({ message, actions }) {
  return html`<${WordButton} icon="onward" word=${strings.answer.continueAnswer} data-once=${true} onClick=${() => actions.continueAnswer(message)} />`;
}

function Foot({ message, index, count, idle, last, actions }) {
  const known = typeof message.id === "number";
  const facts = factsOf(message);
  return html`
    <div class=${last ? "answer-foot last" : "answer-foot"}>
      <${MessageActions}>
        <${BranchSwitcher}
          index=${index}
          count=${count}
          disabled=${!idle}
          onTurn=${(step) => actions.showVersion(message, step)}
        />
        ${hasContent(message) && html`<${CopyButton} content=${(article) => copyContent(message, article)} />`}
        <${IconButton}
          icon="retry"
          label=${strings.message.regenerate}
          data-once=${true}
          disabled=${!idle || !known}
          onClick=${() => actions.regenerate(message)}
        />
        ${idle && known && html`<${RegenerateMenu} message=${message} models=${actions.models()} actions=${actions} />`}
        ${known && html`<${Feedback} value=${message.feedback} onRate=${(value) => actions.rate(message, value)} />`}
      <//>
      ${facts && html`<p class="about">${facts}</p>`}
    </div>
  `;
}

/** Return the model and the duration. */
function factsOf({ model, durationMs }) {
  return [model, durationMs === null ? null : duration(durationMs)].filter(Boolean).join(" · ");
}
