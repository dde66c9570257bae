// The model that answers: its name, or a select box if there are several.

import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { Icon } from "../elements/icons.js";

/** `withdrawn`: the model that answered in this chat and is not offered any more. */
export function ModelChoice({ me, model, withdrawn, onChoose }) {
  const models = me?.models ?? [];
  if (models.length === 0) return html`<span class="model"></span>`;
  const note = withdrawn && strings.composer.modelGone(withdrawn);
  if (models.length === 1) {
    return html`<span class="model"><span class="visually-hidden">${strings.composer.model}: </span>${[models[0], note].filter(Boolean).join(" · ")}</span>`;
  }
  return html`
    <label class="model choice">
      <span class="visually-hidden">${strings.composer.model}</span>
      <span class="widest" aria-hidden="true">${model}</span>
      <select value=${model} onChange=${(event) => onChoose(event.currentTarget.value)}>
        ${models.map((name) => html`<option value=${name} selected=${name === model}>${name}</option>`)}
      </select>
      <${Icon} name="chevron" />
    </label>
    ${note && html`<span class="model-unavailable">${note}</span>`}
  `;
}
