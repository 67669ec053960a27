"""The adapters, one folder a provider; none knows another."""
