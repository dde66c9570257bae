// Work that can wait until the page has nothing better to do: the words of messages that are not in sight yet.

const SLICE_MS = 6;

const tasks = new Set();
let scheduled = false;

const whenIdle = globalThis.requestIdleCallback ?? ((run) => setTimeout(run, 16));

/** Runs `task` soon, the last one given first: that is the lowest, and so the nearest. Returns what runs it now. */
export function runWhenIdle(task) {
  tasks.add(task);
  schedule();
  return () => tasks.delete(task) && task();
}

export function cancelTask(task) {
  tasks.delete(task);
}

/** Runs all that waits, now. */
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
