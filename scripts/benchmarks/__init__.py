"""The benchmarks: what a thousand people cost, beside a reference that does the same job. See docs/performance.md."""
