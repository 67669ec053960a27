"""The contract's messages and stubs, generated from protos/tollbridge/v1; never edited by hand."""
