"""Use cases, one noun a file; `operations` is the exactly-once engine. Refuses any import of transport or database."""
