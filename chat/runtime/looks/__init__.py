"""Deeper looks into this process for its operator: stacks, allocations, garbage, growth, more log. Never a value."""
