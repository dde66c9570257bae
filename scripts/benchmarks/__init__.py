"""The benchmarks: the cost of a thousand users, compared with a reference server. See docs/performance.md."""
