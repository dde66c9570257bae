// Messages that wait for an answer to end, above the message box.

import { directionOf } from "../../markdown/direction.js";
import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { IconButton } from "../elements/buttons.js";
import { Icon } from "../elements/icons.js";

/** `waiting`: the end of a running answer sends them. Otherwise they are held until the user sends them. */
export function Queue({ queue, conversationKey, waiting, actions }) {
  if (!queue) return null;
  const labels = strings.queue;
  const act = (run, clientId) => () => {
    run(conversationKey, clientId);
    document.getElementById("message-field")?.focus({ preventScroll: true });
  };
  return html`
    <section class="queue" aria-label=${labels.label}>
      <p class="queue-head"><${Icon} name="clock" />${waiting ? labels.waiting : labels.held}</p>
      <ol>
        ${queue.map(
          ({ clientId, text }) => html`
            <li key=${clientId}>
              <p dir=${directionOf(text)}>${text}</p>
              <${IconButton}
                icon="send"
                label=${waiting ? labels.stopAndSend : labels.sendNow}
                onClick=${act(actions.sendNow, clientId)}
              />
              <${IconButton} icon="pencil" label=${labels.edit} onClick=${act(actions.editQueued, clientId)} />
              <${IconButton} icon="trash" label=${labels.remove} onClick=${act(actions.removeQueued, clientId)} />
            </li>
          `,
        )}
      </ol>
    </section>
  `;
}
