// The last time it took to draw the running answer, in milliseconds. One value per page.

export const renderTime = { latestMs: 0 };

/** Run `show` and measure it. */
export function measureRender(show) {
  const began = performance.now();
  show();
  renderTime.latestMs = performance.now() - began;
}
