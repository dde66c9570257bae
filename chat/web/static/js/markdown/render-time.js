// How long it took to show the words of an answer that is being written, the last time. One number for the page.

export const renderTime = { latestMs: 0 };

/** Runs `show` and takes its time. */
export function measureRender(show) {
  const began = performance.now();
  show();
  renderTime.latestMs = performance.now() - began;
}
