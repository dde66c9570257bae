// How long it took to show the words of an answer that is being written, the last time. One number for the page.

export const effort = { latestMs: 0 };

/** Runs `show` and takes its time. */
export function measured(show) {
  const began = performance.now();
  show();
  effort.latestMs = performance.now() - began;
}
