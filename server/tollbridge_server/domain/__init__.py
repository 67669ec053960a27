"""Pure values and rules of payments: standard library only; no input or output, no clock, no chance."""
