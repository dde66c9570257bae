"""Watch of a gevent worker's loop: find and name the code that blocks it.

The loop is blocked when a greenlet, or a callback of the loop, runs for 100 ms without giving control back: it
computes, or waits in a call that gevent has not patched. A native thread (`watch.py`) looks at the loop's stack every
30 ms (`loop_view.py`). It never asks the loop to do anything, so tokens and turns cost nothing more.

These are delays too, but no code is to blame, so they do not count (`evidence.py`): the thread waits for a core, the
process is stopped, the hypervisor takes the core away, or another thread holds the interpreter's lock.
"""
