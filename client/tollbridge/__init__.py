"""Tollbridge's client."""
