"""What every simulator stands in: a durable book, an outbox that is emptied, faults, and a guarded control."""
