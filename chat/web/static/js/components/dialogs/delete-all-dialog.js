// Delete everything: shows what will be deleted and asks for confirmation.

import { describeError } from "../../network/errors.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useState } from "../../view.js";
import { Spinner } from "../elements/icons.js";
import { Dialog } from "./dialog.js";

export function DeleteAllDialog({ actions, onClose }) {
  const labels = strings.data;
  const [{ counted, busy, problem, sure }, setState] = useState({
    counted: null,
    busy: true,
    problem: null,
    sure: false,
  });
  const patch = (change) => setState((state) => ({ ...state, ...change }));
  useEffect(() => {
    actions.countData().then(
      (found) => patch({ counted: found, busy: false }),
      (error) => patch({ problem: describeError(error), busy: false }),
    );
  }, []);
  const remove = async (event) => {
    event.preventDefault();
    patch({ busy: true, problem: null });
    const refused = await actions.deleteData();
    if (refused) patch({ busy: false, problem: refused });
  };
  return html`
    <${Dialog} title=${labels.removeTitle} kind="delete-all" onClose=${onClose}>
      <form onSubmit=${remove}>
        <p>${labels.explanation}</p>
        ${counted && html`<ul class="deletion-list">${labels.goes(counted).map((line) => html`<li>${line}</li>`)}</ul>`}
        ${busy && html`<p class="progress"><${Spinner} /></p>`}
        ${problem && html`<p class="problem" role="alert">${problem}</p>`}
        <label class="check">
          <input type="checkbox" checked=${sure} onChange=${(event) => patch({ sure: event.currentTarget.checked })} />
          ${labels.sure}
        </label>
        <div class="dialog-foot">
          <a class="button" href=${actions.exportAllAddress()} download>${labels.download}</a>
          <button type="button" onClick=${onClose}>${strings.message.cancel}</button>
          <button type="submit" class="primary danger" disabled=${!sure || busy || !counted}>${labels.removeNow}</button>
        </div>
      </form>
    <//>
  `;
}
