// Actions of a message: copy, feedback, other versions.

import { copy } from "../../browser/clipboard.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useRef, useState } from "../../view.js";
import { IconButton } from "../elements/buttons.js";

const CONFIRMATION_MS = 1600;

/** The row under a message. It is always there for keyboard and touch; near the pointer it becomes prominent. */
export function MessageActions({ children }) {
  return html`<div class="message-actions" role="group" aria-label=${strings.message.actions}>${children}</div>`;
}

/** `content(article)` returns `{text, html?}` of the button's message. */
export function CopyButton({ content }) {
  const [copied, setCopied] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const onClick = async (event) => {
    if (!(await copy(content(event.currentTarget.closest("article"))))) return;
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), CONFIRMATION_MS);
  };
  const { copied: done, copy: word } = strings.message;
  return html`<${IconButton} icon=${copied ? "check" : "copy"} label=${copied ? done : word} onClick=${onClick} />`;
}

/** ‹ 2/3 › for a message with versions. `onTurn(step)` shows the previous (-1) or next (1) one. */
export function BranchSwitcher({ index, count, disabled, onTurn }) {
  if (count < 2) return null;
  const labels = strings.message;
  return html`
    <span class="branches">
      <${IconButton}
        icon="chevron"
        kind="back"
        label=${labels.previous}
        disabled=${disabled || index <= 0}
        onClick=${() => onTurn(-1)}
      />
      <span class="count" aria-label=${labels.versions(index + 1, count)}>${index + 1}/${count}</span>
      <${IconButton}
        icon="chevron"
        label=${labels.next}
        disabled=${disabled || index >= count - 1}
        onClick=${() => onTurn(1)}
      />
    </span>
  `;
}

/** A second press removes the feedback. */
export function Feedback({ value, onRate }) {
  const thumb = (icon, label, worth) => html`
    <${IconButton}
      icon=${icon}
      label=${label}
      kind=${value === worth ? "pressed" : ""}
      aria-pressed=${String(value === worth)}
      onClick=${() => onRate(value === worth ? null : worth)}
    />
  `;
  return html`${thumb("thumb-up", strings.message.good, 1)}${thumb("thumb-down", strings.message.bad, -1)}`;
}
