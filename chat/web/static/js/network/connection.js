// Knows whether the server is there, from how the page's own requests fare; while it is not, asks until it is.

const FIRST_MS = 1000;
const LONGEST_MS = 15_000;

/** `onReach` and `alive` are the API's; `onBack()` is called when the server is there again. */
export function watchConnection({ store, onReach, alive, onBack }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let wait = FIRST_MS;

  const probe = () => {
    clearTimeout(timer);
    timer = undefined;
    // Either way `onReach` tells. An answer with an error is an answer.
    alive().catch(() => {});
  };

  function scheduleProbe() {
    if (timer !== undefined) return;
    timer = setTimeout(probe, wait);
    wait = Math.min(wait * 2, LONGEST_MS);
  }

  onReach((reached) => {
    if (reached && !store.state.connected) {
      wait = FIRST_MS;
      store.update({ connected: true });
      onBack();
    } else if (!reached) {
      if (store.state.connected) store.update({ connected: false });
      scheduleProbe();
    }
  });
  addEventListener("online", probe);
  addEventListener("offline", probe);
}
