// The open conversation: its messages in one scrolling column.

import { ScrollFollower } from "../scroll-follower.js";
import { pathOf } from "../state/conversation.js";
import { strings } from "../strings/index.js";
import { html, useLayoutEffect, useRef, useState } from "../view.js";
import { IconButton, WordButton } from "./buttons.js";
import { Icon, Spinner } from "./icons.js";
import { Answer, Question } from "./message.js";

export function Thread({ conversation, actions }) {
  const scroller = useRef(null);
  const content = useRef(null);
  const follower = useRef(null);
  const [following, setFollowing] = useState(true);
  const path = pathOf(conversation);
  const asked = path.findLast((message) => message.role === "user")?.key;

  useLayoutEffect(() => {
    follower.current = new ScrollFollower(scroller.current, content.current, setFollowing);
    return () => follower.current.close();
  }, []);
  const toEnd = () => follower.current.toEnd();
  // Sending takes the reader along, wherever they were.
  useLayoutEffect(toEnd, [asked, conversation.phase]);

  return html`
    <div class="thread">
      <div class="scroller" ref=${scroller}>
        <div class="column messages" ref=${content} role="log" aria-live="off" aria-label=${strings.thread.label}>
          <${Phase} conversation=${conversation} actions=${actions} />
          ${path.map((message, index) => drawMessage(message, index === path.length - 1, conversation, actions))}
        </div>
      </div>
      ${
        !following &&
        html`<${IconButton} icon="down" label=${strings.thread.toBottom} kind="to-end" onClick=${toEnd} />`
      }
    </div>
  `;
}

function drawMessage(message, last, conversation, actions) {
  if (message.role === "user") return html`<${Question} key=${message.key} message=${message} />`;
  return html`
    <${Answer}
      key=${message.key}
      message=${message}
      turnPhase=${last ? conversation.turn?.phase : null}
      idle=${last && !conversation.turn}
      onRetry=${actions.retry}
      onReconnect=${actions.reopen}
    />
  `;
}

/** What is said instead of messages, while there are none. */
function Phase({ conversation, actions }) {
  const { phase, messages } = conversation;
  if (phase === "loading" && messages.size === 0) {
    return html`<p class="progress"><${Spinner} />${strings.thread.loading}</p>`;
  }
  if (phase === "missing") return html`<p class="muted centred">${strings.thread.missing}</p>`;
  if (phase !== "failed" || messages.size > 0) return null;
  return html`
    <div class="ending failed">
      <p><${Icon} name="alert" />${strings.thread.failed}</p>
      <${WordButton} icon="retry" word=${strings.problem.again} onClick=${actions.reopen} />
    </div>
  `;
}
