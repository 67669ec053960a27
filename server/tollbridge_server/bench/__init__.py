"""Measures the server as ratios to a bare gRPC echo, in one run, under the same load generator."""
