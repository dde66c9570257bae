// The person's data in the settings: archive, export, deletion.

import { strings } from "../../strings/index.js";
import { html } from "../../view.js";

export function DataSetting({ actions }) {
  const say = strings.data;
  return html`
    <fieldset class="setting data">
      <legend>${say.title}</legend>
      <div class="data-doings">
        <button type="button" onClick=${() => actions.showDialog("archive")}>${strings.archive.title}</button>
        <a class="button" href=${actions.exportAllAddress()} download>${say.download}</a>
        <button type="button" class="danger" onClick=${() => actions.showDialog("deleteAll")}>${say.remove}</button>
      </div>
    </fieldset>
  `;
}
