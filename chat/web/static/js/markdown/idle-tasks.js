// Tasks for when the page is idle: the text of messages that are not visible yet.

const SLICE_MS = 6;

const tasks = new Set();
let scheduled = false;

const whenIdle = globalThis.requestIdleCallback ?? ((run) => setTimeout(run, 16));

/**
 * Run `task` soon, the most recent task first: it is the lowest in the page, so the nearest. Return a function that
 * runs it now.
 */
export function runWhenIdle(task) {
  tasks.add(task);
  schedule();
  return () => tasks.delete(task) && task();
}

export function cancelTask(task) {
  tasks.delete(task);
}

/** Run all tasks now. */
export function flush() {
  for (const task of [...tasks]) {
    tasks.delete(task);
    task();
  }
}

function schedule() {
  if (scheduled || tasks.size === 0) return;
  scheduled = true;
  whenIdle(work, { timeout: 200 });
}

function work() {
  scheduled = false;
  const began = performance.now();
  for (const task of [...tasks].reverse()) {
    tasks.delete(task);
    task();
    if (performance.now() - began > SLICE_MS) break;
  }
  schedule();
}
