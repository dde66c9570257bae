// An error that does not belong to one answer, above the message box.

import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { IconButton } from "../elements/buttons.js";
import { Icon } from "../elements/icons.js";

/** `problem` is {text, action?: {label, run}}. */
export function Banner({ problem, onDismiss }) {
  const action = problem?.action;
  return html`
    <div class="banner-place" role="alert">
      ${
        problem &&
        html`
        <div class="banner">
          <${Icon} name="alert" />
          <p>${problem.text}</p>
          ${action && html`<button type="button" onClick=${action.run}>${action.label}</button>`}
          <${IconButton} icon="close" label=${strings.problem.dismiss} onClick=${onDismiss} />
        </div>
      `
      }
    </div>
  `;
}
