// A shared chat, read-only.

import { pathOfKey } from "../../browser/router.js";
import { directionOf } from "../../markdown/direction.js";
import { ApiError } from "../../network/api.js";
import { NEW, pathOf, storedConversation } from "../../state/conversation.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useState } from "../../view.js";
import { moment } from "../dialogs/share-dialog.js";
import { WordButton } from "../elements/buttons.js";
import { Icon, Spinner } from "../elements/icons.js";
import { Answer, Question } from "../thread/message.js";

/** `load()` fetches `{title, created_at, messages}`. */
export function SharedChat({ load }) {
  const [{ phase, json }, setState] = useState(
    /** @type {{phase: string, json: any}} */ ({ phase: "loading", json: null }),
  );
  const ask = async () => {
    setState({ phase: "loading", json: null });
    try {
      setState({ phase: "ready", json: await load() });
    } catch (error) {
      const missing = error instanceof ApiError && error.status === 404;
      setState({ phase: missing ? "missing" : "failed", json: null });
    }
  };
  useEffect(() => void ask(), []);
  useEffect(() => {
    document.title = `${json?.title || strings.share.title} · ${strings.product}`;
  }, [json]);
  return html`
    <main class="shared">
      <header class="shared-head">
        <a class="product" href=${pathOfKey(NEW)}>${strings.product}</a>
        <a class="button" href=${pathOfKey(NEW)}>${strings.shared.start}</a>
      </header>
      <div class="scroller" tabindex="0" role="region" aria-label=${strings.thread.label}>
        <div class="column messages">
          ${json ? html`<${Content} json=${json} />` : html`<${Phase} phase=${phase} onAgain=${ask} />`}
        </div>
      </div>
    </main>
  `;
}

function Content({ json }) {
  return html`
    <div class="shared-title">
      <h1 dir=${directionOf(json.title ?? "")}>${json.title || strings.untitled}</h1>
      <p class="muted">${strings.shared.note(moment(json.created_at))}</p>
    </div>
    ${messagesOf(json).map((message) =>
      message.role === "user"
        ? html`<${Question} key=${message.key} message=${message} readOnly=${true} />`
        : html`<${Answer} key=${message.key} message=${message} readOnly=${true} idle=${false} />`,
    )}
  `;
}

/** The branch as it was shared: its last message is its head. */
function messagesOf(json) {
  const messages = Array.isArray(json.messages) ? json.messages : [];
  return pathOf(storedConversation({ ...json, id: "shared", head_id: messages.at(-1)?.id ?? null, messages }));
}

function Phase({ phase, onAgain }) {
  const labels = strings.shared;
  if (phase === "loading") return html`<p class="progress"><${Spinner} />${labels.loading}</p>`;
  if (phase === "missing") return html`<h1 class="centred plain">${labels.missing}</h1>`;
  return html`
    <div class="status-box failed">
      <p><${Icon} name="alert" />${labels.failed}</p>
      <${WordButton} icon="retry" word=${strings.problem.again} onClick=${onAgain} />
    </div>
  `;
}
