"""The fields of every request that the simulator takes, with their lengths and sets of characters."""

from __future__ import annotations

from collections.abc import Mapping

from tollbridge_server.testing.simulators.wechatpay.schema import Kind, Rule, choice, group, number, several, text

_ORDER_NUMBER = r"[0-9A-Za-z_\-|*]*"
_REFUND_NUMBER = r"[0-9A-Za-z_\-|*@]*"

_GOODS = {
    "merchant_goods_id": text("商户侧商品编码", 32, required=True),
    "wechatpay_goods_id": text("微信支付商品编码", 32),
    "goods_name": text("商品名称", 256),
    "quantity": number("商品数量", least=1, required=True),
    "unit_price": number("商品单价", required=True),
}
_STORE = {
    "id": text("门店编号", 32, required=True),
    "name": text("门店名称", 256),
    "area_code": text("地区编码", 32),
    "address": text("详细地址", 512),
}
_H5 = {
    "type": choice("场景类型", "Wap", "iOS", "Android", required=True),
    "app_name": text("应用名称", 64),
    "app_url": text("网站URL", 128),
    "bundle_id": text("iOS平台BundleID", 128),
    "package_name": text("Android平台PackageName", 128),
}
_AMOUNT = {"total": number("总金额", least=1, required=True), "currency": choice("货币类型", "CNY")}
_DETAIL = {
    "cost_price": number("订单原价"),
    "invoice_id": text("商品小票ID", 32),
    "goods_detail": several("单品列表", group("单品", _GOODS), most=6000),
}
_COMMON: Mapping[str, Rule] = {
    "appid": text("公众账号ID", 32, required=True),
    "mchid": text("直连商户号", 32, required=True),
    "description": text("商品描述", 127, required=True),
    "out_trade_no": text("商户订单号", 32, least=6, required=True, pattern=_ORDER_NUMBER),
    "attach": text("附加数据", 128, least=0),
    "goods_tag": text("订单优惠标记", 32),
    "support_fapiao": Rule("电子发票入口开放标识", Kind.FLAG),
    "amount": group("订单金额", _AMOUNT, required=True),
    "detail": group("优惠功能", _DETAIL),
    "settle_info": group("结算信息", {"profit_sharing": Rule("是否指定分账", Kind.FLAG)}),
}


def _scene(*, required: bool = False) -> Rule:
    scene = {
        "payer_client_ip": text("用户终端IP", 45, required=True),
        "device_id": text("商户端设备号", 32),
        "store_info": group("商户门店信息", _STORE),
    }
    if required:
        scene["h5_info"] = group("H5场景信息", _H5, required=True)
    return group("场景信息", scene, required=required)


_PREPAID: Mapping[str, Rule] = {
    **_COMMON,
    "time_expire": Rule("交易结束时间", Kind.TIME),
    "notify_url": text("通知地址", 255, required=True),
    "limit_pay": several("指定支付方式", choice("支付方式", "no_balance", "no_credit", "no_debit", "balance_only")),
    "scene_info": _scene(),
}

ORDER_FORMS: Mapping[str, Mapping[str, Rule]] = {
    "native": _PREPAID,
    "app": _PREPAID,
    "jsapi": {
        **_PREPAID,
        "payer": group("支付者", {"openid": text("用户标识", 128, required=True)}, required=True),
    },
    "h5": {**_PREPAID, "scene_info": _scene(required=True)},
}
"""The fields of an order by the last part of its path."""

_CODE = {"auth_code": text("付款码", 18, least=18, required=True, pattern=r"1[0-5][0-9]{16}")}
_CODE_STORE = {"id": text("门店编号", 32), "out_id": text("商家自定义编码", 32)}
_CODE_SCENE = {
    "store_info": group("门店信息", _CODE_STORE, required=True),
    "device_id": text("商户端设备号", 32),
    "device_ip": text("商户端设备IP", 45),
}
CODEPAY_FORM: Mapping[str, Rule] = {
    **_COMMON,
    "payer": group("支付者", _CODE, required=True),
    "scene_info": group("场景信息", _CODE_SCENE, required=True),
}
CLOSE_FORM: Mapping[str, Rule] = {"mchid": text("直连商户号", 32, required=True)}
REVERSE_FORM: Mapping[str, Rule] = {"appid": text("公众账号ID", 32, required=True), **CLOSE_FORM}

_REFUNDED_GOODS = {
    "merchant_goods_id": text("商户侧商品编码", 32, required=True),
    "wechatpay_goods_id": text("微信支付商品编码", 32),
    "goods_name": text("商品名称", 256),
    "unit_price": number("商品单价", required=True),
    "refund_amount": number("商品退款金额", required=True),
    "refund_quantity": number("商品退货数量", least=1, required=True),
}
_SOURCE = {
    "account": choice("出资账户类型", "AVAILABLE", "UNAVAILABLE", required=True),
    "amount": number("出资金额", least=1, required=True),
}
_REFUND_AMOUNT = {
    "refund": number("退款金额", least=1, required=True),
    "total": number("原订单金额", least=1, required=True),
    "currency": choice("退款币种", "CNY", required=True),
    "from": several("退款出资账户及金额", group("出资", _SOURCE)),
}
REFUND_FORM: Mapping[str, Rule] = {
    "transaction_id": text("微信支付订单号", 32),
    "out_trade_no": text("商户订单号", 32, least=6, pattern=_ORDER_NUMBER),
    "out_refund_no": text("商户退款单号", 64, required=True, pattern=_REFUND_NUMBER),
    "reason": text("退款原因", 80),
    "notify_url": text("退款结果回调url", 256),
    "funds_account": choice("退款资金来源", "AVAILABLE", "UNSETTLED"),
    "amount": group("金额信息", _REFUND_AMOUNT, required=True),
    "goods_detail": several("退款商品", group("商品", _REFUNDED_GOODS)),
}
ABNORMAL_REFUND_FORM: Mapping[str, Rule] = {
    "out_refund_no": text("商户退款单号", 64, required=True, pattern=_REFUND_NUMBER),
    "type": choice("异常退款处理方式", "USER_BANK_CARD", "MERCHANT_BANK_CARD", required=True),
    "bank_type": text("开户银行", 16),
    "bank_account": text("收款银行卡号", 1024),
    "real_name": text("收款用户姓名", 1024),
}
