// Buttons that are made the same way everywhere.

import { html } from "../../view.js";
import { Icon } from "./icons.js";

/** Only a sign; what it does is said to those who cannot see it. Other properties go to the button itself. */
export function IconButton({ icon, label, kind = "", ...rest }) {
  return html`
    <button type="button" class=${`icon-button ${kind}`} aria-label=${label} title=${label} ...${rest}>
      <${Icon} name=${icon} />
    </button>
  `;
}

/** A sign and a word. */
export function WordButton({ icon, word, ...rest }) {
  return html`<button type="button" ...${rest}><${Icon} name=${icon} />${word}</button>`;
}
