// The open conversation: its messages in one scrolling column, the newest page of them first.

import { isLocal } from "../../browser/ids.js";
import { ScrollFollower } from "../../browser/scroll-follower.js";
import { beforeFirst, pathOf, siblingsOf } from "../../state/conversation.js";
import { strings } from "../../strings/index.js";
import { html, pure, useLayoutEffect, useRef, useState } from "../../view.js";
import { IconButton, WordButton } from "../elements/buttons.js";
import { Icon, Spinner } from "../elements/icons.js";
import { FollowUps } from "./follow-ups.js";
import { Answer, Question } from "./message.js";

/** How far from the beginning of what is there the page before it is asked for, in pixels. */
const EARLY = 1500;
const STRETCH = 50;
/** So many messages at the end are seen first. */
const NEAR = 6;

export function Thread({ conversation, actions }) {
  const scroller = useRef(null);
  const content = useRef(null);
  const follower = useRef(null);
  const [away, setAway] = useState(false);
  const path = pathOf(conversation);
  const asked = path.findLast((message) => message.role === "user")?.key;
  // An answer that is being written: with it, its question goes to the top of the window.
  const newest = path.at(-1);
  const written = newest?.status === "running" ? newest.key : null;
  const idle = conversation.phase === "ready" && !conversation.turn;
  const stretches = useStretches(path);
  const last = stretches.at(-1)?.number;

  useLayoutEffect(() => {
    follower.current = new ScrollFollower(scroller.current, content.current, setAway);
    return () => follower.current.close();
  }, []);
  const toEnd = () => follower.current.toEnd();
  useLayoutEffect(() => {
    if (conversation.sought !== null || written !== null) return;
    // An answer may be complete before anything of it was drawn.
    const question = isLocal(asked) ? elementOf(content.current, asked) : null;
    if (question) follower.current.pin(question);
    else toEnd();
  }, [asked, conversation.phase]);
  // Sending takes the reader along, wherever they were.
  useLayoutEffect(() => {
    const question = written === null ? null : elementOf(content.current, asked);
    if (question && conversation.sought === null) follower.current.pin(question);
  }, [written]);
  useOlder(conversation, path, scroller, content, actions);
  useSought(conversation, path, content, follower, actions);

  return html`
    <div class="thread">
      <div class="scroller" ref=${scroller} tabindex="-1">
        <div class="column messages" ref=${content} role="log" aria-live="off" aria-label=${strings.thread.label}>
          <${Phase} conversation=${conversation} actions=${actions} />
          <${Beginning} conversation=${conversation} path=${path} actions=${actions} />
          ${(conversation.phase === "missing" ? [] : stretches).map(
            ({ number, messages }) => html`
              <${Stretch}
                key=${number}
                messages=${messages}
                places=${conversation.messages}
                end=${number === last}
                turnPhase=${number === last ? (conversation.turn?.phase ?? null) : null}
                idle=${idle}
                actions=${actions}
              />
            `,
          )}
          ${idle && path.length > 0 && html`<${FollowUps} message=${path.at(-1)} actions=${actions} />`}
        </div>
      </div>
      ${away && html`<${IconButton} icon="down" label=${strings.thread.toBottom} kind="to-end" onClick=${toEnd} />`}
    </div>
  `;
}

/** Some messages that follow each other. While words are added to the last one, the other stretches are left alone. */
const Stretch = pure(({ messages, places, end, turnPhase, idle, actions }) => {
  const draw = (message, index) => {
    const fromEnd = end ? messages.length - index : Number.POSITIVE_INFINITY;
    const siblings = siblingsOf({ messages: places }, message);
    const version = { index: siblings.indexOf(message.id), count: siblings.length };
    const common = { key: message.key, message, ...version, idle, actions };
    if (message.role === "user") return html`<${Question} ...${common} />`;
    const last = fromEnd === 1;
    return html`<${Answer} ...${common} last=${last} far=${fromEnd > NEAR} turnPhase=${last ? turnPhase : null} />`;
  };
  return html`<div class="stretch">${messages.map(draw)}</div>`;
});

/**
 * The path in stretches of so many messages, `{number, messages}` each. A message stays in its stretch whatever comes
 * before or after it, so that it keeps its elements; a stretch with the same messages is the same list.
 */
function useStretches(path) {
  const kept = useRef({ anchor: undefined, lists: new Map() });
  let from = path.findIndex(({ key }) => key === kept.current.anchor);
  if (from < 0) {
    kept.current = { anchor: path[0]?.key, lists: new Map() };
    from = 0;
  }
  const lists = new Map();
  path.forEach((message, index) => {
    const number = Math.floor((index - from) / STRETCH);
    if (!lists.has(number)) lists.set(number, []);
    lists.get(number).push(message);
  });
  for (const [number, list] of lists) {
    const before = kept.current.lists.get(number);
    if (before?.length === list.length && list.every((each, index) => each === before[index]))
      lists.set(number, before);
  }
  kept.current.lists = lists;
  return [...lists].map(([number, messages]) => ({ number, messages }));
}

/** Shows the message that a search led to, once it is there. */
function useSought({ key, sought }, path, content, follower, actions) {
  useLayoutEffect(() => {
    if (sought === null || !path.some(({ id }) => id === sought)) return;
    const element = content.current.querySelector(`[data-message="${Number(sought)}"]`);
    follower.current.letGo();
    bringToMiddle(element, 4);
    element.classList.add("sought");
    element.addEventListener("animationend", () => element.classList.remove("sought"), { once: true });
    actions.endSearch(key);
  }, [sought, path.length]);
}

/** Again for a few frames: what comes into sight on the way is laid out only then, and pushes the rest. */
function bringToMiddle(element, frames) {
  element.scrollIntoView({ block: "center" });
  if (frames > 0) requestAnimationFrame(() => bringToMiddle(element, frames - 1));
}

/** Asks for older messages before the reader gets to where they will stand, and keeps what is read in its place. */
function useOlder(conversation, path, scroller, content, actions) {
  const first = path[0]?.key;
  const shown = useRef({ first, top: 0 });
  const more = beforeFirst(path) !== null && conversation.older === null;

  // Before the page changes: where the message stands that is the first one now.
  const anchor = shown.current.first === first ? null : elementOf(content.current, shown.current.first);
  const before = anchor?.getBoundingClientRect().top;
  useLayoutEffect(() => {
    shown.current.first = first;
    if (anchor?.isConnected) scroller.current.scrollTop += anchor.getBoundingClientRect().top - before;
  }, [first]);

  useLayoutEffect(() => {
    if (!more) return undefined;
    const element = scroller.current;
    const look = () => element.scrollTop < EARLY && actions.loadOlder(conversation.key);
    element.addEventListener("scroll", look, { passive: true });
    // What is there may not even fill the window.
    if (element.scrollHeight <= element.clientHeight) look();
    return () => element.removeEventListener("scroll", look);
  }, [more, conversation.key, first]);
}

function elementOf(content, key) {
  return key === undefined
    ? null
    : [...(content?.querySelectorAll("article") ?? [])].find((each) => each.dataset.key === key);
}

/** What stands above the first message, while there are others before it. */
function Beginning({ conversation, path, actions }) {
  if (beforeFirst(path) === null) return null;
  if (conversation.older !== "failed") {
    return html`<p class="progress beginning"><${Spinner} />${strings.thread.older}</p>`;
  }
  return html`
    <div class="ending beginning">
      <p>${strings.thread.olderFailed}</p>
      <${WordButton} icon="retry" word=${strings.problem.again} onClick=${() => actions.loadOlder(conversation.key)} />
    </div>
  `;
}

/** What is said instead of messages, while there are none. */
function Phase({ conversation, actions }) {
  const { phase, messages } = conversation;
  if (phase === "loading" && messages.size === 0) {
    return html`<p class="progress"><${Spinner} />${strings.thread.loading}</p>`;
  }
  if (phase === "missing") {
    return html`
      <div class="missing">
        <p class="muted">${strings.thread.missing}</p>
        <${WordButton} icon="plus" word=${strings.thread.startNew} onClick=${() => actions.startOver()} />
      </div>
    `;
  }
  if (phase !== "failed" || messages.size > 0) return null;
  return html`
    <div class="ending failed">
      <p><${Icon} name="alert" />${strings.thread.failed}</p>
      <${WordButton} icon="retry" word=${strings.problem.again} onClick=${actions.reopen} />
    </div>
  `;
}
