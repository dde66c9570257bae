"""The benchmarks: what a thousand users cost, beside a reference that does the same job. See docs/performance.md."""
