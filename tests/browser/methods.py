"""The payment methods whose payers come to a simulator's page, by provider and product."""

from __future__ import annotations

from itertools import count

import tollbridge
from tollbridge import AlipayMethod, PaymentMethod, WechatPayMethod

CHALLENGED = "4000000000003220"
OPEN_ID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"

_codes = count(1)


def card() -> PaymentMethod:
    """Return a card that is challenged."""
    return PaymentMethod(card=tollbridge.Card(number=CHALLENGED, expiry_month=12, expiry_year=2035, cvv="123"))


def wallet() -> PaymentMethod:
    return PaymentMethod(paypal=tollbridge.PaypalMethod())


def alipay_qr() -> PaymentMethod:
    return PaymentMethod(alipay=AlipayMethod(qr=tollbridge.AlipayQr()))


def alipay_page() -> PaymentMethod:
    return PaymentMethod(alipay=AlipayMethod(page=tollbridge.AlipayPage()))


def alipay_wap() -> PaymentMethod:
    return PaymentMethod(alipay=AlipayMethod(wap=tollbridge.AlipayWap()))


def alipay_code() -> PaymentMethod:
    """Return a shown code that its payer has to confirm."""
    barcode = tollbridge.AlipayBarcode(auth_code=f"28{next(_codes):012d}0001")
    return PaymentMethod(alipay=AlipayMethod(barcode=barcode))


def wechat_native() -> PaymentMethod:
    return PaymentMethod(wechat_pay=WechatPayMethod(native=tollbridge.WechatNative()))


def wechat_h5() -> PaymentMethod:
    return PaymentMethod(wechat_pay=WechatPayMethod(h5=tollbridge.WechatH5()))


def wechat_jsapi() -> PaymentMethod:
    return PaymentMethod(wechat_pay=WechatPayMethod(jsapi=tollbridge.WechatJsapi(open_id=OPEN_ID)))


def wechat_app() -> PaymentMethod:
    return PaymentMethod(wechat_pay=WechatPayMethod(app=tollbridge.WechatApp()))


def wechat_code() -> PaymentMethod:
    """Return a shown code whose payer has to type the password."""
    code = tollbridge.WechatCode(
        auth_code=f"13{next(_codes):012d}9112", point_of_sale=tollbridge.PointOfSale(store_id="S1")
    )
    return PaymentMethod(wechat_pay=WechatPayMethod(code=code))
