"""The gRPC side: one servicer file for each proto service; no rule of business is decided here."""
