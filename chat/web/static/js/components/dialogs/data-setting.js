// The user's data in the settings: archive, export, deletion.

import { strings } from "../../strings/index.js";
import { html } from "../../view.js";

export function DataSetting({ actions }) {
  const labels = strings.data;
  return html`
    <fieldset class="setting data">
      <legend>${labels.title}</legend>
      <div class="data-actions">
        <button type="button" onClick=${() => actions.showDialog("archive")}>${strings.archive.title}</button>
        <a class="button" href=${actions.exportAllAddress()} download>${labels.download}</a>
        <button type="button" class="danger" onClick=${() => actions.showDialog("deleteAll")}>${labels.remove}</button>
      </div>
    </fieldset>
  `;
}
