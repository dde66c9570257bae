// Where a message is written. It grows with its text; Enter sends, Shift+Enter breaks the line. While an answer
// runs, Send is Stop, and what is sent waits in the queue.

import { SETTLE_MS } from "../../browser/second-click.js";
import { directionOf } from "../../markdown/direction.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../../view.js";
import { IconButton } from "../elements/buttons.js";
import { Icon } from "../elements/icons.js";
import { ModelChoice } from "./model-choice.js";

/** `phase` is the running turn's, if there is one; `temporary` whether this chat is kept nowhere. */
export function Composer({ conversationKey, draft, ready, missing, phase, temporary, me, model, withdrawn, actions }) {
  const field = useRef(null);
  // What was sent before the chat was there.
  const early = useRef("");
  const busy = Boolean(phase);
  const limit = me?.limits?.message_chars ?? Number.POSITIVE_INFINITY;
  const length = countedNear(draft, limit);
  const sendable = (text) => ready && text.trim() !== "" && countedNear(text, limit) <= limit;

  useLayoutEffect(() => fit(field.current), [draft, conversationKey]);
  // With the drawing, not some frames after it: by then the focus may have been moved on, and keys pressed.
  useLayoutEffect(() => takeFocus(field.current), [conversationKey]);
  // The button that began this turn may be gone now, and the focus with it.
  useLayoutEffect(() => {
    if (busy && document.activeElement === document.body) takeFocus(field.current);
  }, [busy]);

  useLayoutEffect(() => {
    early.current = "";
  }, [conversationKey]);
  // It goes out as soon as the chat is there, unless something else stands in the box by then.
  useLayoutEffect(() => {
    const text = early.current;
    early.current = "";
    if (text && text === field.current.value && sendable(text)) actions.submit(text);
  }, [ready]);

  const submit = (event) => {
    event.preventDefault();
    // What stands in the field, which may be a frame newer than what was drawn.
    const text = field.current.value;
    // Where the chat is withdrawn, what is written is asked in a new one.
    if (missing && text.trim()) {
      actions.startOver(text);
      return;
    }
    if (sendable(text)) {
      actions.submit(text);
      // Now, not with the next drawing: a second press in the same frame finds an empty box.
      field.current.value = "";
      actions.setDraft("");
    }
    early.current = ready ? "" : text;
    if (event.submitter) takeFocus(field.current);
  };
  const stop = () => {
    actions.stop(conversationKey);
    takeFocus(field.current);
  };
  const onKeyDown = (event) => {
    // 229: what browsers report for keys that an input method takes, some of them after the composition ended.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey) submit(event);
    if (event.key === "ArrowUp" && !held(event) && !field.current.value && editLast()) event.preventDefault();
    if (event.key === "Escape" && !event.shiftKey && busy && !field.current.value) stop();
  };
  return html`
    <form class=${temporary ? "composer temporary" : "composer"} onSubmit=${submit}>
      <label class="visually-hidden" for="message-field">${strings.composer.label}</label>
      <textarea
        id="message-field"
        ref=${field}
        rows="1"
        dir=${directionOf(draft)}
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
        <${ModelChoice} me=${me} model=${model} withdrawn=${withdrawn} onChoose=${actions.chooseModel} />
        ${
          me?.instructions &&
          html`<${IconButton}
            icon="person"
            label=${strings.instructions.on}
            kind="instructions-on"
            onClick=${() => actions.showDialog("settings")}
          />`
        }
        <${Buttons}
          busy=${useSettled(busy)}
          some=${draft.trim() !== ""}
          sendable=${sendable(draft) || (missing && draft.trim() !== "")}
          onStop=${stop}
        />
      </div>
    </form>
  `;
}

/** Send, or Stop; both where there is something to queue. */
function Buttons({ busy, some, sendable, onStop }) {
  const { send, queue, stop } = strings.composer;
  if (!busy) {
    return html`
      <button type="submit" class="send" aria-label=${send} title=${send} disabled=${!sendable}>
        <${Icon} name="send" />
      </button>
    `;
  }
  return html`
    ${
      some &&
      html`
      <button type="submit" class="send second" aria-label=${queue} title=${queue} disabled=${!sendable}>
        <${Icon} name="send" />
      </button>
    `
    }
    <${IconButton} icon="stop" label=${stop} kind="send stop" onClick=${onStop} />
  `;
}

/** Whether an answer has run for a moment: until then Send keeps its place, for a second click that meant Send. */
function useSettled(busy) {
  const [settled, setSettled] = useState(busy);
  useEffect(() => {
    if (!busy) {
      setSettled(false);
      return undefined;
    }
    const timer = setTimeout(() => setSettled(true), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [busy]);
  return busy && settled;
}

/** Opens the last question to be edited; returns whether there was one that may be. */
function editLast() {
  /** @type {NodeListOf<HTMLButtonElement>} */
  const buttons = document.querySelectorAll("article.question .edit");
  const button = [...buttons].at(-1);
  if (!button || button.disabled) return false;
  button.click();
  return true;
}

const held = (event) => event.shiftKey || event.ctrlKey || event.altKey || event.metaKey;

/** The length the server counts, in whole characters; only worked out where it could matter. */
function countedNear(text, limit) {
  return text.length <= limit ? text.length : [...text].length;
}

/** Not where a finger is the pointer: there the focus would bring up the keyboard over half the page. */
function takeFocus(field) {
  if (matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
}

function fit(field) {
  // The style sheet's own height is that of one line. To measure it, the page would have to be laid out first.
  field.style.height = field.value ? "auto" : "";
  if (!field.value) return;
  field.style.height = `${field.scrollHeight}px`;
}
