"""Simulators of payment providers: their wire, their signatures, their books, and their faults on demand."""
