// Which model answers: its name, or a choice where there are several.

import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { Icon } from "../elements/icons.js";

export function ModelChoice({ me, model, onChoose }) {
  const models = me?.models ?? [];
  if (models.length === 0) return html`<span class="model"></span>`;
  if (models.length === 1) {
    return html`<span class="model"><span class="unseen">${strings.composer.model}: </span>${models[0]}</span>`;
  }
  return html`
    <label class="model choice">
      <span class="unseen">${strings.composer.model}</span>
      <select value=${model} onChange=${(event) => onChoose(event.currentTarget.value)}>
        ${models.map((name) => html`<option value=${name} selected=${name === model}>${name}</option>`)}
      </select>
      <${Icon} name="chevron" />
    </label>
  `;
}
