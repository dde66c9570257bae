// The messages that wait for an answer to end, above the box they were written in.

import { directionOf } from "../../markdown/direction.js";
import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { IconButton } from "../elements/buttons.js";
import { Icon } from "../elements/icons.js";

/** `waiting`: whether an answer is running whose end sends them; otherwise they are held until told. */
export function Queue({ queue, conversationKey, waiting, actions }) {
  if (!queue) return null;
  const say = strings.queue;
  const act = (run, clientId) => () => {
    run(conversationKey, clientId);
    document.getElementById("message-field")?.focus({ preventScroll: true });
  };
  return html`
    <section class="queue" aria-label=${say.label}>
      <p class="queue-head"><${Icon} name="clock" />${waiting ? say.waiting : say.held}</p>
      <ol>
        ${queue.map(
          ({ clientId, text }) => html`
            <li key=${clientId}>
              <p dir=${directionOf(text)}>${text}</p>
              <${IconButton}
                icon="send"
                label=${waiting ? say.stopAndSend : say.sendNow}
                onClick=${act(actions.sendNow, clientId)}
              />
              <${IconButton} icon="pencil" label=${say.edit} onClick=${act(actions.editQueued, clientId)} />
              <${IconButton} icon="trash" label=${say.remove} onClick=${act(actions.removeQueued, clientId)} />
            </li>
          `,
        )}
      </ol>
    </section>
  `;
}
