"""The conformance kit, the provider simulators and fault injection, shipped with the server."""
