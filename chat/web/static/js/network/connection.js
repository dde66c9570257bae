// Tracks whether the server is reachable, from the page's own requests. While it is not, probes it.

const FIRST_MS = 1000;
const LONGEST_MS = 15_000;

/** `onReach` and `alive` belong to the API. `onBack()` is called when the server is reachable again. */
export function watchConnection({ store, onReach, alive, onBack }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let wait = FIRST_MS;

  const probe = () => {
    clearTimeout(timer);
    timer = undefined;
    // `onReach` reports the result in either case. An error response is an answer.
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
