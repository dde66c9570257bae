// Limits the open streams of all windows of a browser. A browser opens six connections to an HTTP/1.1 host for all
// windows together: six streaming answers would block everything else, Stop included. So there are three slots for
// streams. An answer without a slot is polled with short requests.

export const SLOTS = 3;
const NAME = "parley.stream";

/**
 * `locks` is the browser's LockManager, which releases a lock when its window closes or crashes. `channel` is a
 * BroadcastChannel. `isVisible()`: the answer is visible. A hidden answer gives up its slot for a visible one.
 */
export class StreamSlots {
  #locks;
  #channel;
  #slots = new Set();

  /** @param {{locks: any, channel?: any}} parts */
  constructor({ locks, channel = null }) {
    this.#locks = locks;
    this.#channel = channel;
    channel?.unref?.();
    channel?.addEventListener("message", () => this.#yieldSlot());
  }

  /** Return `{revoked: AbortSignal, release()}`, or null if no slot is free. */
  async acquire(isVisible) {
    for (let number = 1; number <= SLOTS; number += 1) {
      const release = await this.#lock(`${NAME}.${number}`);
      if (release) return this.#slot(isVisible, release);
    }
    if (isVisible()) {
      this.#channel?.postMessage("wanted");
      this.#yieldSlot();
    }
    return null;
  }

  #lock(name) {
    return new Promise((resolve) => {
      const acquired = (lock) => {
        if (lock) return new Promise((release) => resolve(release));
        resolve(null);
        return undefined;
      };
      this.#locks.request(name, { ifAvailable: true }, acquired).catch(() => resolve(null));
    });
  }

  #slot(isVisible, release) {
    const revocation = new AbortController();
    const slot = { isVisible, revocation };
    this.#slots.add(slot);
    return {
      revoked: revocation.signal,
      release: () => {
        this.#slots.delete(slot);
        release();
      },
    };
  }

  /** Revoke one slot at a time: the requester tries again soon. */
  #yieldSlot() {
    const hidden = [...this.#slots].find((each) => !each.isVisible() && !each.revocation.signal.aborted);
    hidden?.revocation.abort();
  }
}

/** Without a lock manager (a page without TLS on a LAN): visible answers stream, hidden ones do not. */
export class VisibleOnlySlots {
  #target;

  constructor(target) {
    this.#target = target;
  }

  async acquire(isVisible) {
    if (!isVisible()) return null;
    const revocation = new AbortController();
    const look = () => isVisible() || revocation.abort();
    this.#target.addEventListener("visibilitychange", look);
    return { revoked: revocation.signal, release: () => this.#target.removeEventListener("visibilitychange", look) };
  }
}

/** No limit: one connection carries all streams. */
/** @type {{acquire(isVisible: () => boolean): Promise<{revoked: AbortSignal | null, release(): void} | null>}} */
export const UNLIMITED = { acquire: async () => ({ revoked: null, release() {} }) };

/** Return the slots for this page's protocol and browser. */
export function slotsOfPage() {
  const [navigation] = performance.getEntriesByType("navigation");
  if (["h2", "h3"].includes(/** @type {PerformanceNavigationTiming | undefined} */ (navigation)?.nextHopProtocol ?? ""))
    return UNLIMITED;
  if (!navigator.locks) return new VisibleOnlySlots(document);
  return new StreamSlots({ locks: navigator.locks, channel: new BroadcastChannel("parley.streams") });
}
