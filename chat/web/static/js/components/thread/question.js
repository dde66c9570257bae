// A question. It can be copied and edited; an edit begins a new branch.

import { directionOf } from "../../markdown/direction.js";
import { textOf } from "../../state/message.js";
import { strings } from "../../strings/index.js";
import { html, memo, useLayoutEffect, useRef, useState } from "../../view.js";
import { IconButton } from "../elements/buttons.js";
import { BranchSwitcher, CopyButton, MessageActions } from "./message-actions.js";
import { QuestionText } from "./question-text.js";

/** The message is version `index` of `count`. `idle`: it may be edited now. */
export const Question = memo(({ message, index = 0, count = 1, idle = false, readOnly = false, actions }) => {
  const [editing, setEditing] = useState(false);
  const opener = useRef(null);
  const article = useRef(null);
  const text = textOf(message);
  const close = () => {
    setEditing(false);
    // The button is drawn again first.
    requestAnimationFrame(() => article.current?.querySelector(".edit")?.focus());
  };
  const save = (changed) => {
    setEditing(false);
    if (changed !== text) actions.edit(message, changed);
  };
  return html`
    <article class=${editing ? "question editing" : "question"} data-message=${message.id} data-key=${message.key} ref=${article}>
      <h2 class="visually-hidden">${strings.thread.you}</h2>
      ${editing ? html`<${Editor} text=${text} idle=${idle} onSave=${save} onCancel=${close} />` : html`<${QuestionText} text=${text} />`}
      ${
        !readOnly &&
        !editing &&
        html`
        <${MessageActions}>
          <${BranchSwitcher}
            index=${index}
            count=${count}
            disabled=${!idle}
            onTurn=${(step) => actions.showVersion(message, step)}
          />
          <${CopyButton} content=${() => ({ text })} />
          <${IconButton}
            icon="pencil"
            kind="edit"
            label=${strings.message.edit}
            disabled=${!idle || typeof message.id !== "number"}
            ref=${opener}
            onClick=${() => setEditing(true)}
          />
        <//>
      `
      }
    </article>
  `;
});

function Editor({ text, idle, onSave, onCancel }) {
  const field = useRef(null);
  const [value, setValue] = useState(text);
  useLayoutEffect(() => {
    field.current.focus();
    field.current.setSelectionRange(text.length, text.length);
  }, []);
  useLayoutEffect(() => {
    field.current.style.height = "auto";
    field.current.style.height = `${field.current.scrollHeight + 2}px`;
  }, [value]);
  const submit = (event) => {
    event.preventDefault();
    if (idle && value.trim()) onSave(value.trim());
  };
  const onKeyDown = (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey) submit(event);
    if (event.key === "Escape") {
      event.stopPropagation();
      onCancel();
    }
  };
  return html`
    <form class="editor" onSubmit=${submit}>
      <textarea
        ref=${field}
        rows="1"
        dir=${directionOf(value)}
        aria-label=${strings.message.editLabel}
        value=${value}
        onInput=${(event) => setValue(event.currentTarget.value)}
        onKeyDown=${onKeyDown}
      ></textarea>
      <div class="editor-foot">
        <button type="button" onClick=${onCancel}>${strings.message.cancel}</button>
        <button type="submit" class="primary" disabled=${!idle || !value.trim()}>${strings.message.save}</button>
      </div>
    </form>
  `;
}
