"""A payer pays while the cancel is on its way: Alipay gives the money back, and both books tell the same story."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import tollbridge
from tollbridge_server.development import initialize
from tollbridge_server.testing.processes import ServerProcess

from tests.e2e.commands import environment, run
from tests.waiting import until

CNY_7 = tollbridge.Money(currency_code="CNY", amount_minor=700)
QR = tollbridge.PaymentMethod(alipay=tollbridge.AlipayMethod(qr=tollbridge.AlipayQr()))


async def test_a_payment_that_its_cancel_gave_back_is_canceled_and_verify_says_what_happened(tmp_path: Path) -> None:
    made = initialize(tmp_path / ".tollbridge" / "config.toml", has_free_ports=True, has_simulators=True)
    with (
        ServerProcess(made.config_path, environment=environment()) as server,
        tollbridge.Client(server.target, token=made.token_path.read_text().strip()) as client,
    ):
        payment_id = client.create_payment(
            amount=CNY_7, payment_method=QR, provider_account_id="demo-alipay"
        ).payment.payment_id
        arm = f"{server.endpoints['alipay']}/control/arm?behavior=paid_at_close"
        with urllib.request.urlopen(urllib.request.Request(arm, method="POST"), timeout=20):
            pass
        canceled = client.cancel_payment(payment_id=payment_id).payment
        # The news of the payment itself come after those of its cancel, and are doubted, asked about, and settled.
        await until(lambda: "doubtful" in server.log())
        after = client.get_status(payment_id=payment_id, refresh=True).status
        verified = run(tmp_path, "verify", "--json")

    for state in (canceled.state, after.state):
        assert state == tollbridge.PAYMENT_STATE_CANCELED
    assert (after.captured_amount.amount_minor, after.refunded_amount.amount_minor) == (0, 0)
    assert (verified.code, verified.json["breaks"]) == (0, [])
    assert [review["kind"] for review in verified.json["reviews"]] == ["GIVEN_BACK"]
