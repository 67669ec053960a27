"""The inbound HTTP side: notifications of providers, as raw bytes; it trusts none of them."""
