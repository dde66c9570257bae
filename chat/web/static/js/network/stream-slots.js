// Which of the browser's windows may hold a connection open. A browser makes six connections to a host that speaks
// HTTP/1.1, for all of its windows together: with six answers streaming nothing else would load, and Stop would wait.
// So there are three slots for streams; an answer without one is asked for its news in short requests instead.

export const SLOTS = 3;
const NAME = "parley.stream";

/**
 * `locks` is the browser's LockManager, which gives a lock back when its window closes or crashes; `channel` a
 * BroadcastChannel. `isVisible()` tells whether somebody is looking at the answer: one that nobody sees gives its slot to
 * one that is seen.
 */
export class StreamSlots {
  #locks;
  #channel;
  #held = new Set();

  /** @param {{locks: any, channel?: any}} parts */
  constructor({ locks, channel = null }) {
    this.#locks = locks;
    this.#channel = channel;
    channel?.unref?.();
    channel?.addEventListener("message", () => this.#yieldSlot());
  }

  /** `{revoked: AbortSignal, release()}`, or null where all are taken. */
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
      const held = (lock) => {
        if (lock) return new Promise((release) => resolve(release));
        resolve(null);
        return undefined;
      };
      this.#locks.request(name, { ifAvailable: true }, held).catch(() => resolve(null));
    });
  }

  #slot(isVisible, release) {
    const revocation = new AbortController();
    const held = { isVisible, revocation };
    this.#held.add(held);
    return {
      revoked: revocation.signal,
      release: () => {
        this.#held.delete(held);
        release();
      },
    };
  }

  /** One at a time: whoever wants one asks again soon. */
  #yieldSlot() {
    const hidden = [...this.#held].find((each) => !each.isVisible() && !each.revocation.signal.aborted);
    hidden?.revocation.abort();
  }
}

/** Where there is no lock manager (a page served without TLS to a LAN): an answer in sight streams, others do not. */
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

/** As many as there are answers: one connection carries them all. */
/** @type {{acquire(isVisible: () => boolean): Promise<{revoked: AbortSignal | null, release(): void} | null>}} */
export const UNLIMITED = { acquire: async () => ({ revoked: null, release() {} }) };

/** The slots of this page, by what its connection and its browser can do. */
export function slotsOfPage() {
  const [navigation] = performance.getEntriesByType("navigation");
  if (["h2", "h3"].includes(/** @type {PerformanceNavigationTiming | undefined} */ (navigation)?.nextHopProtocol ?? ""))
    return UNLIMITED;
  if (!navigator.locks) return new VisibleOnlySlots(document);
  return new StreamSlots({ locks: navigator.locks, channel: new BroadcastChannel("parley.streams") });
}
