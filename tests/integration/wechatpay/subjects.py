"""Subjects of the conformance kit whose simulator a test also talks to over HTTP, for what only control can do."""

from __future__ import annotations

import aiohttp

from tests.conformance.wechatpay import CertifiedSubject, WechatPaySubject


class Reachable(WechatPaySubject):
    """Our adapter with WeChat Pay's public key, and where its simulator is."""

    @property
    def url(self) -> str:
        return self._url

    @property
    def session(self) -> aiohttp.ClientSession:
        return self._session


class CertifiedReachable(Reachable, CertifiedSubject):
    """The same with platform certificates."""
