// The open conversation: its messages in one scrolling column, the newest page first.

import { isLocal } from "../../browser/ids.js";
import { ScrollFollower } from "../../browser/scroll-follower.js";
import { beforeFirst, pathOf, siblingsOf } from "../../state/conversation.js";
import { strings } from "../../strings/index.js";
import { html, memo, useLayoutEffect, useRef, useState } from "../../view.js";
import { IconButton, WordButton } from "../elements/buttons.js";
import { Icon, Spinner } from "../elements/icons.js";
import { FollowUps } from "./follow-ups.js";
import { Answer, Question } from "./message.js";

/** Load the previous page when the reader is this close to the first message, in pixels. */
const LOAD_AHEAD_PX = 1500;
const CHUNK_SIZE = 50;
/** This many messages at the end are drawn first. */
const FIRST_SEEN = 6;

export function Thread({ conversation, actions }) {
  const scroller = useRef(null);
  const content = useRef(null);
  const follower = useRef(null);
  const [away, setAway] = useState(false);
  const path = pathOf(conversation);
  const questionKey = path.findLast((message) => message.role === "user")?.key;
  // A running answer: its question goes to the top of the window.
  const newest = path.at(-1);
  const runningKey = newest?.status === "running" ? newest.key : null;
  const idle = conversation.phase === "ready" && !conversation.turn;
  const chunks = useChunks(path);
  const last = chunks.at(-1)?.number;

  useLayoutEffect(() => {
    follower.current = new ScrollFollower(scroller.current, content.current, setAway);
    return () => follower.current.close();
  }, []);
  const toEnd = () => follower.current.toEnd();
  useLayoutEffect(() => {
    if (conversation.targetId !== null || runningKey !== null) return;
    // An answer may be complete before any of it was drawn.
    const question = isLocal(questionKey) ? elementOf(content.current, questionKey) : null;
    if (question) follower.current.pin(question);
    else toEnd();
  }, [questionKey, conversation.phase]);
  // Sending scrolls to the new question, wherever the reader is.
  useLayoutEffect(() => {
    const question = runningKey === null ? null : elementOf(content.current, questionKey);
    if (question && conversation.targetId === null) follower.current.pin(question);
  }, [runningKey]);
  useOlder(conversation, path, scroller, content, actions);
  useTarget(conversation, path, content, follower, actions);

  return html`
    <div class="thread">
      <div class="scroller" ref=${scroller} tabindex="-1">
        <div class="column messages" ref=${content} role="log" aria-live="off" aria-label=${strings.thread.label}>
          <${Phase} conversation=${conversation} actions=${actions} />
          <${OlderMessages} conversation=${conversation} path=${path} actions=${actions} />
          ${(conversation.phase === "missing" ? [] : chunks).map(
            ({ number, messages }) => html`
              <${MessageChunk}
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

/** A group of consecutive messages. While text is added to the last message, the other groups are not drawn again. */
const MessageChunk = memo(({ messages, places, end, turnPhase, idle, actions }) => {
  const draw = (message, index) => {
    const fromEnd = end ? messages.length - index : Number.POSITIVE_INFINITY;
    const siblings = siblingsOf({ messages: places }, message);
    const version = { index: siblings.indexOf(message.id), count: siblings.length };
    const common = { key: message.key, message, ...version, idle, actions };
    if (message.role === "user") return html`<${Question} ...${common} />`;
    const last = fromEnd === 1;
    return html`<${Answer} ...${common} last=${last} far=${fromEnd > FIRST_SEEN} turnPhase=${last ? turnPhase : null} />`;
  };
  return html`<div class="message-block">${messages.map(draw)}</div>`;
});

/**
 * Split the path into chunks, `{number, messages}` each. A message stays in its chunk whatever is added before or
 * after it, so that it keeps its elements. An unchanged chunk is the same list.
 */
function useChunks(path) {
  const previous = useRef({ anchor: undefined, lists: new Map() });
  let from = path.findIndex(({ key }) => key === previous.current.anchor);
  if (from < 0) {
    previous.current = { anchor: path[0]?.key, lists: new Map() };
    from = 0;
  }
  const lists = new Map();
  path.forEach((message, index) => {
    const number = Math.floor((index - from) / CHUNK_SIZE);
    if (!lists.has(number)) lists.set(number, []);
    lists.get(number).push(message);
  });
  for (const [number, list] of lists) {
    const before = previous.current.lists.get(number);
    if (before?.length === list.length && list.every((each, index) => each === before[index]))
      lists.set(number, before);
  }
  previous.current.lists = lists;
  return [...lists].map(([number, messages]) => ({ number, messages }));
}

/** Scroll to a search result when it is loaded. */
function useTarget({ key, targetId }, path, content, follower, actions) {
  useLayoutEffect(() => {
    if (targetId === null || !path.some(({ id }) => id === targetId)) return;
    const element = content.current.querySelector(`[data-message="${Number(targetId)}"]`);
    follower.current.letGo();
    bringToMiddle(element, 4);
    element.classList.add("search-target");
    element.addEventListener("animationend", () => element.classList.remove("search-target"), { once: true });
    actions.clearTarget(key);
  }, [targetId, path.length]);
}

/** Repeat for a few frames: content that becomes visible on the way is laid out only then and moves the rest. */
function bringToMiddle(element, frames) {
  element.scrollIntoView({ block: "center" });
  if (frames > 0) requestAnimationFrame(() => bringToMiddle(element, frames - 1));
}

/** Load older messages before the reader reaches them, and keep the visible ones in place. */
function useOlder(conversation, path, scroller, content, actions) {
  const first = path[0]?.key;
  const shown = useRef({ first, top: 0 });
  const more = beforeFirst(path) !== null && conversation.older === null;

  // Before the page changes: remember the position of the first message.
  const anchor = shown.current.first === first ? null : elementOf(content.current, shown.current.first);
  const before = anchor?.getBoundingClientRect().top;
  useLayoutEffect(() => {
    shown.current.first = first;
    if (anchor?.isConnected) scroller.current.scrollTop += anchor.getBoundingClientRect().top - before;
  }, [first]);

  useLayoutEffect(() => {
    if (!more) return undefined;
    const element = scroller.current;
    const look = () => element.scrollTop < LOAD_AHEAD_PX && actions.loadOlder(conversation.key);
    element.addEventListener("scroll", look, { passive: true });
    // The messages may not even fill the window.
    if (element.scrollHeight <= element.clientHeight) look();
    return () => element.removeEventListener("scroll", look);
  }, [more, conversation.key, first]);
}

function elementOf(content, key) {
  return key === undefined
    ? null
    : [...(content?.querySelectorAll("article") ?? [])].find((each) => each.dataset.key === key);
}

/** The line above the first message if the server has older ones. */
function OlderMessages({ conversation, path, actions }) {
  if (beforeFirst(path) === null) return null;
  if (conversation.older !== "failed") {
    return html`<p class="progress thread-start"><${Spinner} />${strings.thread.older}</p>`;
  }
  return html`
    <div class="status-box thread-start">
      <p>${strings.thread.olderFailed}</p>
      <${WordButton} icon="retry" word=${strings.problem.again} onClick=${() => actions.loadOlder(conversation.key)} />
    </div>
  `;
}

/** The text in place of messages: loading, missing or failed. */
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
    <div class="status-box failed">
      <p><${Icon} name="alert" />${strings.thread.failed}</p>
      <${WordButton} icon="retry" word=${strings.problem.again} onClick=${actions.reopen} />
    </div>
  `;
}
