"""The commands; each reaches the server through app and services only."""
