// Where a message is written. It grows with its text; Enter sends, Shift+Enter breaks the line.

import { strings } from "../strings/index.js";
import { html, useEffect, useLayoutEffect, useRef } from "../view.js";
import { Icon, Spinner } from "./icons.js";

export function Composer({ conversationKey, draft, ready, phase, me, model, actions }) {
  const field = useRef(null);
  const busy = Boolean(phase);
  const waiting = busy && phase !== "lost";
  const limit = me?.limits?.message_chars ?? Number.POSITIVE_INFINITY;
  const length = countedNear(draft, limit);
  const sendable = (text) => ready && !busy && text.trim() !== "" && countedNear(text, limit) <= limit;

  useLayoutEffect(() => fit(field.current), [draft, conversationKey]);
  useEffect(() => takeFocus(field.current), [conversationKey]);
  // The button that began this turn may be gone now, and the focus with it.
  useEffect(() => {
    if (busy && document.activeElement === document.body) takeFocus(field.current);
  }, [busy]);

  const submit = (event) => {
    event.preventDefault();
    // What stands in the field, which may be a frame newer than what was drawn.
    const text = field.current.value;
    if (sendable(text)) actions.send(text);
  };
  const onKeyDown = (event) => {
    // 229: what browsers report for keys that an input method takes, some of them after the composition ended.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    submit(event);
  };
  return html`
    <form class="composer" onSubmit=${submit}>
      <label class="unseen" for="message-field">${strings.composer.label}</label>
      <textarea
        id="message-field"
        ref=${field}
        rows="1"
        placeholder=${strings.composer.placeholder}
        value=${draft}
        enterkeyhint="send"
        aria-describedby=${length > limit ? "message-length" : null}
        aria-invalid=${length > limit ? "true" : null}
        onInput=${(event) => actions.setDraft(event.currentTarget.value)}
        onKeyDown=${onKeyDown}
      ></textarea>
      ${
        length > limit &&
        html`<p id="message-length" class="too-long" role="alert">${strings.composer.tooLong(length, limit)}</p>`
      }
      <div class="composer-foot">
        <${ModelChoice} me=${me} model=${model} onChoose=${actions.chooseModel} />
        ${waiting && html`<span class="busy">${strings.composer[phase === "sending" ? "sending" : "answering"]}</span>`}
        <button type="submit" class="send" aria-label=${strings.composer.send} disabled=${!sendable(draft)}>
          ${waiting ? html`<${Spinner} />` : html`<${Icon} name="send" />`}
        </button>
      </div>
    </form>
  `;
}

/** The length the server counts, in whole characters; only worked out where it could matter. */
function countedNear(text, limit) {
  return text.length <= limit ? text.length : [...text].length;
}

/** Not where a finger is the pointer: there the focus would bring up the keyboard over half the page. */
function takeFocus(field) {
  if (matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
}

function fit(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function ModelChoice({ me, model, onChoose }) {
  const models = me?.models ?? [];
  if (models.length === 0) return html`<span class="model"></span>`;
  if (models.length === 1)
    return html`<span class="model"><span class="unseen">${strings.composer.model}: </span>${models[0]}</span>`;
  return html`
    <label class="model">
      <span class="unseen">${strings.composer.model}</span>
      <select value=${model} onChange=${(event) => onChoose(event.currentTarget.value)}>
        ${models.map((name) => html`<option value=${name} selected=${name === model}>${name}</option>`)}
      </select>
    </label>
  `;
}
