"""The two keys of the published worked examples: throw-away keys, used nowhere else and for nothing else.

Alipay's examples are signed with the same two, so that they stand in one place only.
"""

from __future__ import annotations

from tests.unit.providers.alipay.published_keys import ALIPAY_KEY, APPLICATION_KEY

MERCHANT_KEY = APPLICATION_KEY
"""PKCS#8 as bare base64; it signs the requests of the examples, and what a payer's device gets."""

PLATFORM_KEY = ALIPAY_KEY
"""PKCS#8 as bare base64; it plays WeChat Pay and signs answers and notifications."""
