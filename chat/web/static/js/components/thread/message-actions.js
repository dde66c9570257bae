// What can be done with a message: copy it, say what one thinks of it, turn to its other versions.

import { copy } from "../../browser/clipboard.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useRef, useState } from "../../view.js";
import { IconButton } from "../elements/buttons.js";

const CONFIRMATION_MS = 1600;

/** The row under a message. It is always there, for keys and fingers; it comes forward when the pointer is near. */
export function MessageActions({ children }) {
  return html`<div class="message-actions" role="group" aria-label=${strings.message.actions}>${children}</div>`;
}

/** `content(article)` gives `{text, html?}` of the message that the button stands under. */
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

/** ‹ 2/3 ›, where a message has other versions. `onTurn(step)` shows the one before (-1) or after (1). */
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

/** A second press takes it back. */
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
