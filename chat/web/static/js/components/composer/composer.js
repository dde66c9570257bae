// The message box. It grows with its text; Enter sends, Shift+Enter breaks the line. While an answer runs, Send becomes
// Stop, and new messages go to the queue.

import { SETTLE_MS } from "../../browser/second-click.js";
import { directionOf } from "../../markdown/direction.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../../view.js";
import { IconButton } from "../elements/buttons.js";
import { Icon } from "../elements/icons.js";
import { ModelChoice } from "./model-choice.js";

/** `phase` is that of the running turn, if any. `temporary`: this chat is not kept. */
export function Composer({ conversationKey, draft, ready, missing, phase, temporary, me, model, withdrawn, actions }) {
  const field = useRef(null);
  // Text sent before the chat was loaded.
  const early = useRef("");
  const busy = Boolean(phase);
  const limit = me?.limits?.message_chars ?? Number.POSITIVE_INFINITY;
  const length = countedNear(draft, limit);
  const sendable = (text) => ready && text.trim() !== "" && countedNear(text, limit) <= limit;

  useLayoutEffect(() => fit(field.current), [draft, conversationKey]);
  // In the layout effect, not some frames later: by then the focus may be elsewhere and keys may have been pressed.
  useLayoutEffect(() => takeFocus(field.current), [conversationKey]);
  // The button that began this turn may be gone, and the focus with it.
  useLayoutEffect(() => {
    if (busy && document.activeElement === document.body) takeFocus(field.current);
  }, [busy]);

  useLayoutEffect(() => {
    early.current = "";
  }, [conversationKey]);
  // Send it when the chat is loaded, unless the box has another text by then.
  useLayoutEffect(() => {
    const text = early.current;
    early.current = "";
    if (text && text === field.current.value && sendable(text)) actions.submit(text);
  }, [ready]);

  const submit = (event) => {
    event.preventDefault();
    // Read the field, which may be a frame newer than the drawn state.
    const text = field.current.value;
    // If the chat is missing, the text goes to a new one, where another press sends it.
    if (missing && text.trim()) {
      actions.startOver(text);
      return;
    }
    if (sendable(text)) {
      actions.submit(text);
      // Clear at once, not with the next drawing: a second press in the same frame must find an empty box.
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
    // 229: browsers report it for keys that an input method handles, some of them after the composition has ended.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey) submit(event);
    if (event.key === "ArrowUp" && !hasModifier(event) && !field.current.value && editLast()) event.preventDefault();
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

/** Send or Stop; both if there is text to queue. */
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
      <button type="submit" class="send secondary" aria-label=${queue} title=${queue} disabled=${!sendable}>
        <${Icon} name="send" />
      </button>
    `
    }
    <${IconButton} icon="stop" label=${stop} kind="send stop" onClick=${onStop} />
  `;
}

/**
 * Return whether an answer has run for a moment. Until then Send keeps its place, for a second click meant for Send.
 */
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

/** Open the last question for editing. Return whether there was one. */
function editLast() {
  /** @type {NodeListOf<HTMLButtonElement>} */
  const buttons = document.querySelectorAll("article.question .edit");
  const button = [...buttons].at(-1);
  if (!button || button.disabled) return false;
  button.click();
  return true;
}

const hasModifier = (event) => event.shiftKey || event.ctrlKey || event.altKey || event.metaKey;

/** Return the length as the server counts it, in code points; computed only near the limit. */
function countedNear(text, limit) {
  return text.length <= limit ? text.length : [...text].length;
}

/** Not on touch screens: the focus would open the keyboard over half of the page. */
function takeFocus(field) {
  if (matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
}

function fit(field) {
  // The style sheet's height is that of one line. Measuring an empty field would force a layout of the page.
  field.style.height = field.value ? "auto" : "";
  if (!field.value) return;
  field.style.height = `${field.scrollHeight}px`;
}
