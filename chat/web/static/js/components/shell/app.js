// The whole page: the list of chats at the left, the open chat in the middle, dialogs above both.

import { blankConversation, NEW } from "../../state/conversation.js";
import { modelOf } from "../../state/model.js";
import { strings } from "../../strings/index.js";
import { html, lazy } from "../../view.js";
import { Composer } from "../composer/composer.js";
import { Queue } from "../composer/queue.js";
import { Drawer } from "../sidebar/drawer.js";
import { Sidebar } from "../sidebar/sidebar.js";
import { Welcome } from "../thread/welcome.js";
import { Banner } from "./banner.js";
import { Toast } from "./toast.js";
import { TopBar } from "./top-bar.js";

const Dialogs = lazy(async () => (await import("../dialogs/dialogs.js")).Dialogs);
const Thread = lazy(
  async () => (await import("../thread/thread.js")).Thread,
  html`<div class="thread"><div class="scroller"></div></div>`,
);

/** Load the parts that the page will need, when it is idle. */
export async function preloadLazyParts() {
  await Thread.fetch();
  await Dialogs.fetch();
}

export function App({ state, actions }) {
  const { openKey, drawerOpen } = state;
  const conversation = state.conversations.get(openKey) ?? blankConversation(openKey, "loading");
  const { model, withdrawn } = modelOf(state, openKey);
  const isWelcome = conversation.phase === "ready" && conversation.messages.size === 0;
  return html`
    <a class="skip" href="#message-field">${strings.skipToComposer}</a>
    <${Drawer} open=${drawerOpen} shown=${state.preferences.sidebar} onClose=${actions.closeDrawer}>
      <${Sidebar}
        history=${state.history}
        openKey=${openKey}
        me=${state.me}
        runningIds=${state.runningIds}
        unreadIds=${state.unreadIds}
        removingIds=${state.removingIds}
        selection=${state.selection}
        renaming=${state.renaming}
        isNew=${openKey === NEW}
        onHide=${actions.toggleSidebar}
        actions=${actions}
      />
    <//>
    <main inert=${drawerOpen}>
      <${Head} state=${state} conversation=${conversation} isWelcome=${isWelcome} actions=${actions} />
      ${
        isWelcome
          ? html`<${Welcome}
              demo=${state.me?.features?.demo === true}
              model=${model}
              own=${state.me?.welcome ?? null}
              temporary=${isTemporary(state, conversation)}
              onSuggest=${actions.submit}
            />`
          : html`<${Thread} key=${openKey} conversation=${conversation} actions=${actions} />`
      }
      <${Foot} state=${state} conversation=${conversation} model=${model} withdrawn=${withdrawn} actions=${actions} />
    </main>
    <div class="visually-hidden" role="status">${state.announcement}</div>
    <${Toast} toast=${state.toast} onEnd=${actions.dismissToast} />
    ${state.dialog && html`<${Dialogs} state=${state} actions=${actions} />`}
  `;
}

function isTemporary(state, conversation) {
  return conversation.key === NEW ? state.temporary : conversation.temporary === true;
}

/** Pass only values that do not change with every word, so that the top bar is not drawn with each. */
function Head({ state, conversation, isWelcome, actions }) {
  const { key, title, phase } = conversation;
  const { renaming } = state;
  const pinned = state.history.items.find((item) => item.id === key)?.pinned ?? conversation.pinned === true;
  return html`
    <${TopBar}
      id=${key}
      title=${title}
      phase=${phase}
      pinned=${pinned}
      archived=${conversation.archived === true}
      isWelcome=${isWelcome}
      temporary=${isTemporary(state, conversation)}
      connected=${state.connected}
      renaming=${renaming?.place === "top" && renaming.id === key}
      listHidden=${!state.preferences.sidebar}
      drawerOpen=${state.drawerOpen}
      actions=${actions}
    />
  `;
}

function Foot({ state, conversation, model, withdrawn, actions }) {
  const { openKey } = state;
  const phase = conversation.turn?.phase;
  return html`
    <div class="column foot">
      <${Banner} problem=${state.problem} onDismiss=${actions.dismissProblem} />
      <${Queue}
        queue=${state.queues.get(openKey)}
        conversationKey=${openKey}
        waiting=${Boolean(phase)}
        actions=${actions}
      />
      <${Composer}
        conversationKey=${openKey}
        draft=${state.drafts.get(openKey) ?? ""}
        ready=${conversation.phase === "ready"}
        missing=${conversation.phase === "missing"}
        phase=${phase}
        temporary=${isTemporary(state, conversation)}
        me=${state.me}
        model=${model}
        withdrawn=${withdrawn}
        actions=${actions}
      />
    </div>
  `;
}
