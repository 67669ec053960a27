"""What every simulator is made of: a durable book, an outbox that is emptied, faults, and a guarded control."""
