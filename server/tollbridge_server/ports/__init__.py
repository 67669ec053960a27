"""What the core asks of the outside, as protocols: provider, storage, clock, failpoint, change feed."""
