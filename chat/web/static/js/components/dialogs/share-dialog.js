// A read-only link to a chat: create, copy, update, revoke.

import { copyText } from "../../browser/clipboard.js";
import { directionOf } from "../../markdown/direction.js";
import { describeError } from "../../network/errors.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useRef, useState } from "../../view.js";
import { WordButton } from "../elements/buttons.js";
import { Spinner } from "../elements/icons.js";
import { Dialog } from "./dialog.js";

const dated = new Intl.DateTimeFormat(strings.dateLocale, { dateStyle: "medium", timeStyle: "short" });

/** Return a date and time in the reader's time zone. */
export const moment = (iso) => (Number.isFinite(Date.parse(iso)) ? dated.format(new Date(iso)) : "");

export function ShareDialog({ item, actions, onClose }) {
  const labels = strings.share;
  // `link` is undefined until it is known, and null if there is none. `outcome` is the result of the last action.
  const [{ link, busy, outcome, problem }, setState] = useState(
    /** @type {{link?: any, busy: string | null, outcome?: string | null, problem?: string | null}} */ ({
      busy: labels.loading,
    }),
  );
  const set = (change) => setState((state) => ({ ...state, ...change }));
  /** @type {(busyWords: string, ask: () => Promise<any>, after?: string | null) => Promise<void>} */
  const act = async (busyWords, ask, after = null) => {
    set({ busy: busyWords, problem: null, outcome: null });
    try {
      set({ link: (await ask()) ?? null, busy: null, outcome: after });
    } catch (error) {
      set({ busy: null, problem: describeError(error) });
    }
  };
  const look = () => act(labels.loading, () => actions.shareOf(item.id));
  const revoke = async () => void (await actions.unshare(item.id));
  useEffect(() => void look(), []);

  return html`
    <${Dialog} title=${labels.title} kind="sharing" onClose=${onClose}>
      <p class="shared-title" dir=${directionOf(item.title ?? "")}>${item.title || strings.untitled}</p>
      <p class="muted">${labels.explanation}</p>
      ${
        link
          ? html`<${Link}
              link=${link}
              busy=${busy}
              onRenew=${() => act(labels.creating, () => actions.share(item.id), labels.renewed)}
              onRevoke=${() => act(labels.creating, revoke, labels.revoked)}
            />`
          : html`<${Create}
              busy=${busy}
              known=${link !== undefined}
              onCreate=${() => act(labels.creating, () => actions.share(item.id))}
              onLook=${look}
            />`
      }
      <p class="share-status" role="status">${busy && link !== undefined ? busy : (outcome ?? "")}</p>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    <//>
  `;
}

function Create({ busy, known, onCreate, onLook }) {
  if (busy) return html`<p class="progress"><${Spinner} />${busy}</p>`;
  return html`
    <div class="dialog-foot">
      ${
        known
          ? html`<${WordButton} icon="link" word=${strings.share.create} class="primary" onClick=${onCreate} />`
          : html`<${WordButton} icon="retry" word=${strings.problem.again} onClick=${onLook} />`
      }
    </div>
  `;
}

function Link({ link, busy, onRenew, onRevoke }) {
  const field = useRef(null);
  const [copied, setCopied] = useState(false);
  const labels = strings.share;
  useEffect(() => setCopied(false), [link]);
  const copy = async () => {
    const done = await copyText(link.url);
    // The older command copies the selection, and in a dialog nothing outside of it can be selected.
    field.current.select();
    setCopied(done || document.execCommand("copy"));
  };
  return html`
    <div class="link-line">
      <input
        ref=${field}
        class="link-field"
        readonly
        value=${link.url}
        aria-label=${labels.link}
        onFocus=${(event) => event.currentTarget.select()}
      />
      <${WordButton}
        icon=${copied ? "check" : "copy"}
        word=${copied ? strings.copied : strings.copy}
        class="primary"
        onClick=${copy}
      />
    </div>
    <p class="muted small">${labels.asOf(moment(link.createdAt))}</p>
    <div class="dialog-foot">
      <button type="button" class="danger-text" disabled=${Boolean(busy)} onClick=${onRevoke}>${labels.revoke}</button>
      <button type="button" disabled=${Boolean(busy)} onClick=${onRenew}>${labels.renew}</button>
    </div>
  `;
}
