"""Tollbridge: a payment gateway that other services call over gRPC. Nothing happens at import."""
