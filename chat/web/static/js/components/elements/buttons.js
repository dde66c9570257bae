// Buttons used everywhere.

import { html } from "../../view.js";
import { Icon } from "./icons.js";

/** A button with an icon only; `label` is its accessible name. Other properties go to the button element. */
export function IconButton({ icon, label, kind = "", ...rest }) {
  return html`
    <button type="button" class=${`icon-button ${kind}`} aria-label=${label} title=${label} ...${rest}>
      <${Icon} name=${icon} />
    </button>
  `;
}

/** A button with an icon and a word. */
export function WordButton({ icon, word, ...rest }) {
  return html`<button type="button" ...${rest}><${Icon} name=${icon} />${word}</button>`;
}
