// Which of the browser's windows may hold a connection open. A browser makes six connections to a host that speaks
// HTTP/1.1, for all of its windows together: with six answers streaming nothing else would load, and Stop would wait.
// So there are three slots for streams; an answer without one is asked for its news in short requests instead.

export const SLOTS = 3;
const NAME = "parley.stream";

/**
 * `locks` is the browser's LockManager, which gives a lock back when its window closes or crashes; `channel` a
 * BroadcastChannel. `inSight()` tells whether somebody is looking at the answer: one that nobody sees gives its slot to
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
    channel?.addEventListener("message", () => this.#giveWay());
  }

  /** `{recalled: AbortSignal, release()}`, or null where all are taken. */
  async take(inSight) {
    for (let number = 1; number <= SLOTS; number += 1) {
      const release = await this.#lock(`${NAME}.${number}`);
      if (release) return this.#slot(inSight, release);
    }
    if (inSight()) {
      this.#channel?.postMessage("wanted");
      this.#giveWay();
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

  #slot(inSight, release) {
    const recall = new AbortController();
    const held = { inSight, recall };
    this.#held.add(held);
    return {
      recalled: recall.signal,
      release: () => {
        this.#held.delete(held);
        release();
      },
    };
  }

  /** One at a time: whoever wants one asks again soon. */
  #giveWay() {
    const unseen = [...this.#held].find((each) => !each.inSight() && !each.recall.signal.aborted);
    unseen?.recall.abort();
  }
}

/** Where there is no lock manager (a page served without TLS to a LAN): an answer in sight streams, others do not. */
export class SlotsInSight {
  #target;

  constructor(target) {
    this.#target = target;
  }

  async take(inSight) {
    if (!inSight()) return null;
    const recall = new AbortController();
    const look = () => inSight() || recall.abort();
    this.#target.addEventListener("visibilitychange", look);
    return { recalled: recall.signal, release: () => this.#target.removeEventListener("visibilitychange", look) };
  }
}

/** As many as there are answers: one connection carries them all. */
/** @type {{take(inSight: () => boolean): Promise<{recalled: AbortSignal | null, release(): void} | null>}} */
export const UNLIMITED = { take: async () => ({ recalled: null, release() {} }) };

/** The slots of this page, by what its connection and its browser can do. */
export function slotsOfPage() {
  const [navigation] = performance.getEntriesByType("navigation");
  if (["h2", "h3"].includes(/** @type {PerformanceNavigationTiming | undefined} */ (navigation)?.nextHopProtocol ?? ""))
    return UNLIMITED;
  if (!navigator.locks) return new SlotsInSight(document);
  return new StreamSlots({ locks: navigator.locks, channel: new BroadcastChannel("parley.streams") });
}
