"""Alipay (mainland China): the open platform gateway with RSA2 signatures."""
