"""What WeChat does on the payer's device: it takes a merchant's signed parameters, and opens the order that they name.

Refuses what lacks a parameter, is not signed by the merchant whose order it is, or belongs to another product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.wechatpay.signing import invocation_text
from tollbridge_server.testing.simulators.wechatpay.book import Ledger
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.rows import Transaction

_OF_APPS = ("appid", "partnerid", "prepayid", "package", "noncestr", "timestamp", "sign")
_OF_PAGES = ("timeStamp", "nonceStr", "package", "signType", "paySign")
PARAMETERS = tuple(dict.fromkeys((*_OF_APPS, "appId", *_OF_PAGES)))
"""What a device hands to WeChat, by whichever of the ways."""

_APP_PACKAGE = "Sign=WXPay"
_PREPAY = "prepay_id="


class NotInvoked(ValueError):
    """Parameters with which WeChat opens nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The parameters of a page, a mini program (whose call has no appId) or an app."""

    trade_type: str
    app_id: str
    mchid: str
    prepay_id: str
    package: str
    timestamp: str
    nonce: str
    signature: str = field(repr=False)


def read_invocation(given: Mapping[str, str]) -> Invocation:
    """Return what a device hands to WeChat. Raises NotInvoked."""
    if "prepayid" in given:
        app_id, mchid, prepay_id, package, nonce, timestamp, signature = _required(given, *_OF_APPS)
        if package != _APP_PACKAGE:
            raise NotInvoked(f"package has to be {_APP_PACKAGE}")
        return Invocation("APP", app_id, mchid, prepay_id, prepay_id, timestamp, nonce, signature)
    timestamp, nonce, package, kind, signature = _required(given, *_OF_PAGES)
    if kind != "RSA":
        raise NotInvoked("signType has to be RSA")
    if not package.startswith(_PREPAY):
        raise NotInvoked(f"package has to begin with {_PREPAY}")
    prepay_id = package.removeprefix(_PREPAY)
    return Invocation("JSAPI", given.get("appId", ""), "", prepay_id, package, timestamp, nonce, signature)


async def invoked(office: Office, invocation: Invocation) -> Transaction:
    """Return the order that the payer sees then. Raises NotInvoked."""
    find: Callable[[Ledger], Transaction | None] = lambda ledger: ledger.transaction_by_prepay(  # noqa: E731
        invocation.prepay_id
    )
    entry = await office.write(find)
    if entry is None or entry.trade_type != invocation.trade_type:
        raise NotInvoked(f"there is no order of {invocation.trade_type} with this prepay_id, or a newer one took over")
    app_id, mchid = invocation.app_id or entry.appid, invocation.mchid
    if app_id != entry.appid:
        raise NotInvoked("the order was opened for another app")
    if mchid and mchid != office.accounts[entry.account].mchid:
        raise NotInvoked("partnerid is another merchant than the order's")
    text = invocation_text(app_id, timestamp=invocation.timestamp, nonce=invocation.nonce, package=invocation.package)
    if not is_signed(office.merchant_keys[entry.account], text, invocation.signature):
        raise NotInvoked("支付验证签名失败: the signature is not the merchant's")
    return entry


def _required(given: Mapping[str, str], *names: str) -> list[str]:
    missing = [name for name in names if not given.get(name)]
    if missing:
        raise NotInvoked(f"{', '.join(missing)} missing")
    return [given[name] for name in names]
