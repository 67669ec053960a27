"""WeChat Pay (mainland China, direct merchant): API v3."""
