"""wechatpayv3, unchanged. Its host cannot be set: HTTPS_PROXY and REQUESTS_CA_BUNDLE lead it here."""

import json
import os

from wechatpayv3 import WeChatPay, WeChatPayType

import shop

ENV = os.environ
receiver = shop.Receiver()
shared = {}


def sdk():
    """Without a public key it downloads the certificates, and does not start without one."""
    if "sdk" not in shared:
        keys = {}
        if shop.KEYS != "certificate":
            with open(ENV["WXPAY_PUBLIC_KEY_PATH"], encoding="utf-8") as key:
                keys = {"public_key": key.read(), "public_key_id": ENV["WXPAY_PUBLIC_KEY_ID"]}
        with open(ENV["WXPAY_PRIVATE_KEY_PATH"], encoding="utf-8") as key:
            shared["sdk"] = WeChatPay(
                wechatpay_type=WeChatPayType.NATIVE, mchid=ENV["WXPAY_MCH_ID"], private_key=key.read(),
                cert_serial_no=ENV["WXPAY_MCH_SERIAL_NO"], appid=ENV["WXPAY_APPID"],
                apiv3_key=ENV["WXPAY_API_V3_KEY"], notify_url=receiver.url, timeout=(10, 30), **keys)
    return shared["sdk"]


def ask(call, status=200, **arguments):
    code, text = getattr(sdk(), call)(**arguments)
    assert code == status, (code, text)
    return json.loads(text) if text else None


def prepay(out_trade_no):
    told = ask("pay", description="一颗葱", out_trade_no=out_trade_no, amount={"total": 100, "currency": "CNY"})
    assert told["code_url"].startswith("weixin://"), told


def unpaid():
    first = shop.number()
    prepay(first)
    shared["unpaid"] = first


def state(expected):
    told = ask("query", out_trade_no=shared["unpaid"])
    assert told["trade_state"] == expected, told


def unknown():
    told = ask("query", status=404, out_trade_no=shop.number())
    assert told["code"] == "ORDER_NOT_EXIST", told


def wrong():
    told = ask("pay", status=400, description="一颗葱", out_trade_no=shop.number(), amount={"total": -1})
    assert told["code"] == "PARAM_ERROR", told


def paid(kind):
    out_trade_no = shop.number()
    prepay(out_trade_no)
    shop.pay(out_trade_no, kind)
    headers, body = receiver.next()
    told = sdk().callback(headers, body)
    resource = told["resource"]
    assert told["event_type"] == "TRANSACTION.SUCCESS" and resource["out_trade_no"] == out_trade_no, told
    assert resource["trade_state"] == "SUCCESS" and resource["amount"]["total"] == 100, resource
    shared.update(paid=resource, callback=(headers, body))


def by_transaction_id():
    told = ask("query", transaction_id=shared["paid"]["transaction_id"])
    assert told["trade_state"] == "SUCCESS", told


def altered():
    headers, body = shared["callback"]
    assert not sdk().callback(headers, body.replace(b"transaction", b"Transaction"))


def refund():
    shared["refund"] = shop.number()
    told = ask("refund", out_refund_no=shared["refund"], out_trade_no=shared["paid"]["out_trade_no"],
               amount={"refund": 40, "total": 100, "currency": "CNY"}, notify_url=receiver.url)
    assert told["status"] == "PROCESSING", told


def refunded():
    told = sdk().callback(*receiver.next())
    assert told["resource"]["out_refund_no"] == shared["refund"], told
    assert told["resource"]["refund_status"] == "SUCCESS", told


def query_refund():
    told = ask("query_refund", out_refund_no=shared["refund"])
    assert told["status"] == "SUCCESS" and told["amount"]["refund"] == 40, told


shop.step("starts" if shop.KEYS != "certificate" else "starts with downloaded certificates", sdk)
shop.step("native prepay", unpaid)
shop.step("query by out_trade_no", lambda: state("NOTPAY"))
shop.step("query of an order that is not there", unknown)
shop.step("prepay with a wrong amount", wrong)
shop.step("close", lambda: ask("close", status=204, out_trade_no=shared["unpaid"]))
shop.step("query of a closed order", lambda: state("CLOSED"))
for kind in ["public-key", "certificate"] if shop.KEYS == "both" else [shop.KEYS]:
    shop.step(f"callback of a payment, by {kind}", lambda kind=kind: paid(kind))
shop.step("callback that was altered", altered)
shop.step("query by transaction_id", by_transaction_id)
shop.step("refund", refund)
shop.step("callback of a refund", refunded)
shop.step("query of a refund", query_refund)
