"""Every RPC of the contract as a typed method, blocking and for asyncio.

Generated from protos/tollbridge/v1 by protos/codegen/facade.py; never edited by hand.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from tollbridge._async_calls import AsyncCalls
from tollbridge._calls import Calls, Method
from tollbridge._pages import AsyncPager, Pager
from tollbridge._requests import exactly_one, new_idempotency_key, timestamp
from tollbridge.v1.customer_pb2 import Customer
from tollbridge.v1.money_pb2 import Money
from tollbridge.v1.order_pb2 import Order
from tollbridge.v1.payment_method_pb2 import PaymentMethod
from tollbridge.v1.payment_pb2 import CaptureMethod, OnDecline, Payment, PaymentLookup, PaymentState
from tollbridge.v1.payment_service_pb2 import (
    CancelPaymentRequest,
    CancelPaymentResponse,
    CapturePaymentRequest,
    CapturePaymentResponse,
    ConfirmPaymentRequest,
    ConfirmPaymentResponse,
    CreatePaymentRequest,
    CreatePaymentResponse,
    GetPaymentRequest,
    GetPaymentResponse,
    ListPaymentsRequest,
    ListPaymentsResponse,
)
from tollbridge.v1.refund_pb2 import Refund, RefundState
from tollbridge.v1.refund_service_pb2 import (
    CreateRefundRequest,
    CreateRefundResponse,
    GetRefundRequest,
    GetRefundResponse,
    ListRefundsRequest,
    ListRefundsResponse,
)
from tollbridge.v1.status_service_pb2 import (
    BatchGetStatusRequest,
    BatchGetStatusResponse,
    GetStatusRequest,
    GetStatusResponse,
    PaymentStatus,
    WatchStatusRequest,
    WatchStatusResponse,
)

_CREATE_PAYMENT = Method("/tollbridge.v1.PaymentService/CreatePayment", CreatePaymentResponse.FromString)
_GET_PAYMENT = Method("/tollbridge.v1.PaymentService/GetPayment", GetPaymentResponse.FromString)
_LIST_PAYMENTS = Method("/tollbridge.v1.PaymentService/ListPayments", ListPaymentsResponse.FromString)
_CONFIRM_PAYMENT = Method("/tollbridge.v1.PaymentService/ConfirmPayment", ConfirmPaymentResponse.FromString)
_CAPTURE_PAYMENT = Method("/tollbridge.v1.PaymentService/CapturePayment", CapturePaymentResponse.FromString)
_CANCEL_PAYMENT = Method("/tollbridge.v1.PaymentService/CancelPayment", CancelPaymentResponse.FromString)
_CREATE_REFUND = Method("/tollbridge.v1.RefundService/CreateRefund", CreateRefundResponse.FromString)
_GET_REFUND = Method("/tollbridge.v1.RefundService/GetRefund", GetRefundResponse.FromString)
_LIST_REFUNDS = Method("/tollbridge.v1.RefundService/ListRefunds", ListRefundsResponse.FromString)
_GET_STATUS = Method("/tollbridge.v1.StatusService/GetStatus", GetStatusResponse.FromString)
_BATCH_GET_STATUS = Method("/tollbridge.v1.StatusService/BatchGetStatus", BatchGetStatusResponse.FromString)
_WATCH_STATUS = Method("/tollbridge.v1.StatusService/WatchStatus", WatchStatusResponse.FromString)


class SyncMethods(Calls):
    """The RPCs of the contract. Each raises TollbridgeError when it fails."""

    def create_payment(
        self,
        *,
        amount: Money,
        payment_method: PaymentMethod,
        idempotency_key: str | None = None,
        merchant_reference: str = "",
        capture_method: CaptureMethod | None = None,
        on_decline: OnDecline | None = None,
        order: Order | None = None,
        customer: Customer | None = None,
        metadata: Mapping[str, str] | None = None,
        description: str = "",
        statement_descriptor: str = "",
        return_url: str = "",
        expire_time: datetime | Timestamp | None = None,
        provider_account_id: str = "",
        timeout_s: float | None = None,
    ) -> CreatePaymentResponse:
        """Makes a payment and sends it to a provider. Answers with the payment in the state that is known when the
        provider answered, or in PROCESSING when the outcome is not known in time; then GetStatus or WatchStatus tells
        it.

        Also returns CARD_NUMBER_INVALID, CARD_EXPIRED, CVV_INVALID, CARD_BRAND_UNSUPPORTED, AMOUNT_INVALID,
        CURRENCY_NOT_SUPPORTED, PAYMENT_METHOD_NOT_SUPPORTED, PROVIDER_ACCOUNT_NOT_FOUND, NO_PROVIDER_ACCOUNT and
        PAYMENT_EXPIRED.

        Arguments:
            amount: How much to ask for.
            payment_method: With what the payer pays.
            idempotency_key: Makes the call safe to repeat: 1 to 64 visible ASCII characters, best a random UUID, unique
                per merchant and RPC. Use the same key for every repeat of one intention and a new one for a new
                intention. Kept for 30 days by default. A random UUID is made when None; keep a key of your own to
                repeat the call after a crash.
            merchant_reference: The merchant's own order number, at most 64 visible ASCII characters. It may be empty
                and need not be unique, but a caller that lost the answer finds the payment by it.
            capture_method: When the money is taken; automatically when not said.
            on_decline: What a decline does to the payment; it fails when not said.
            order: What is bought.
            customer: Who pays.
            metadata: The caller's own notes, returned unchanged and never sent to a provider: at most 50, keys of 1 to
                40 and values of at most 500 characters. Put no secrets here. A card number in it, or in any other text
                of this request, is refused; numbers of your own, such as merchant_reference, are not looked at.
            description: What is paid for, as the payer sees it in the wallet or on the cashier page; at most 256
                characters, cut to the provider's own limit.
            statement_descriptor: What stands on the payer's statement, at most 22 printable ASCII characters; the
                provider account's own when empty.
            return_url: Where the payer's browser returns to after a redirect, an absolute http or https URL of at most
                2,048 characters. Required by payment methods that redirect and by cards that may need 3-D Secure.
            expire_time: Until when the payer can pay; a day when not set. A code that the payer showed has a limit of
                its own besides, of about a minute (Alipay: 90 s, WeChat Pay: 60 s): what is not confirmed by then is
                ended at the provider. A time that has passed is answered with PAYMENT_EXPIRED, except for a replay.
            provider_account_id: Pins the payment to one of the merchant's provider accounts, at most 64 characters; the
                server chooses when empty.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = CreatePaymentRequest(
            idempotency_key=new_idempotency_key() if idempotency_key is None else idempotency_key,
            merchant_reference=merchant_reference,
            amount=amount,
            payment_method=payment_method,
            capture_method=capture_method,
            on_decline=on_decline,
            order=order,
            customer=customer,
            metadata=metadata,
            description=description,
            statement_descriptor=statement_descriptor,
            return_url=return_url,
            expire_time=timestamp(expire_time),
            provider_account_id=provider_account_id,
        )
        return self._unary(_CREATE_PAYMENT, request, timeout_s)

    def get_payment(
        self,
        *,
        payment_id: str | None = None,
        merchant_reference: str | None = None,
        provider_reference: str | None = None,
        timeout_s: float | None = None,
    ) -> GetPaymentResponse:
        """Returns one payment with its timeline.

        Also returns PAYMENT_NOT_FOUND and REFERENCE_AMBIGUOUS.

        Arguments:
            payment_id: Our identifier, "pay_…".
            merchant_reference: The merchant's order number, 1 to 64 visible ASCII characters. Several payments with it
                give REFERENCE_AMBIGUOUS; ListPayments finds them all.
            provider_reference: The provider's reference of the payment or of one of its operations, 1 to 128 visible
                ASCII characters. If two providers gave out the same, the answer is REFERENCE_AMBIGUOUS.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        exactly_one(payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference)
        request = GetPaymentRequest(
            lookup=PaymentLookup(
                payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference
            ),
        )
        return self._unary(_GET_PAYMENT, request, timeout_s)

    def list_payments(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        states: Sequence[PaymentState] = (),
        provider: str = "",
        provider_account_id: str = "",
        merchant_reference: str = "",
        create_time_from: datetime | Timestamp | None = None,
        create_time_before: datetime | Timestamp | None = None,
        timeout_s: float | None = None,
    ) -> Pager[Payment, ListPaymentsResponse]:
        """Lists payments, newest first, without their timelines.

        Also returns PAGE_TOKEN_INVALID.

        Arguments:
            page_size: How many payments at most, up to 100; 20 when 0. A page may be shorter than asked for before the
                end.
            page_token: `next_page_token` of the page before, unchanged; empty for the first page. All filters must be
                as they were then.
            states: Payments in one of these states, at most 8, each once.
            provider: Payments of this provider, at most 32 characters.
            provider_account_id: Payments of this provider account, at most 64 characters.
            merchant_reference: Payments with this order number of the merchant, at most 64 visible ASCII characters.
            create_time_from: Payments made at or after this time.
            create_time_before: Payments made before this time.
            timeout_s: Seconds for each page with all its repeats; the client's `timeout_s` when None.
        """
        request = ListPaymentsRequest(
            page_size=page_size,
            page_token=page_token,
            states=states,
            provider=provider,
            provider_account_id=provider_account_id,
            merchant_reference=merchant_reference,
            create_time_from=timestamp(create_time_from),
            create_time_before=timestamp(create_time_before),
        )
        return self._pages(_LIST_PAYMENTS, request, timeout_s, lambda page: page.payments)

    def confirm_payment(
        self,
        *,
        payment_id: str,
        idempotency_key: str | None = None,
        payment_method: PaymentMethod | None = None,
        action_result: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> ConfirmPaymentResponse:
        """Continues a payment that is in REQUIRES_ACTION: after the payer came back from the next action, or with
        another payment method. With another payment method an action that is open at the provider is first canceled
        there.

        Also returns PAYMENT_NOT_FOUND, PAYMENT_STATE_CONFLICT, PAYMENT_EXPIRED, CARD_NUMBER_INVALID, CARD_EXPIRED,
        CVV_INVALID, CARD_BRAND_UNSUPPORTED, AMOUNT_INVALID, CURRENCY_NOT_SUPPORTED, PAYMENT_METHOD_NOT_SUPPORTED and
        NO_PROVIDER_ACCOUNT.

        Arguments:
            payment_id: Which payment, "pay_…".
            idempotency_key: Makes the call safe to repeat; see CreatePaymentRequest. A random UUID is made when None;
                keep a key of your own to repeat the call after a crash.
            payment_method: Another payment method for a new attempt. Required while the next action is to provide one;
                leave it out to go on with the attempt that is open.
            action_result: What the next action gave back, under the provider's own names: the query parameters of the
                payer's return, or the result of the SDK. At most 20 entries, keys of 1 to 64 and values of at most
                8,192 characters. It is a hint; only the provider's answer counts.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = ConfirmPaymentRequest(
            idempotency_key=new_idempotency_key() if idempotency_key is None else idempotency_key,
            payment_id=payment_id,
            payment_method=payment_method,
            action_result=action_result,
        )
        return self._unary(_CONFIRM_PAYMENT, request, timeout_s)

    def capture_payment(
        self,
        *,
        payment_id: str,
        idempotency_key: str | None = None,
        amount: Money | None = None,
        final_capture: bool = False,
        timeout_s: float | None = None,
    ) -> CapturePaymentResponse:
        """Takes all or a part of what was authorized. May be called several times where the provider allows it. A
        capture that the provider declines leaves the payment as it was and shows as a failed operation in the timeline.

        Also returns PAYMENT_NOT_FOUND, PAYMENT_STATE_CONFLICT, CAPTURE_EXCEEDS_AUTHORIZED, AMOUNT_INVALID and
        CURRENCY_NOT_SUPPORTED.

        Arguments:
            payment_id: Which payment, "pay_…".
            idempotency_key: Makes the call safe to repeat; see CreatePaymentRequest. A random UUID is made when None;
                keep a key of your own to repeat the call after a crash.
            amount: How much to take, in the payment's currency; all that can still be captured when not set.
            final_capture: True if nothing more will be captured: the rest is released and the payment becomes
                SUCCEEDED.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = CapturePaymentRequest(
            idempotency_key=new_idempotency_key() if idempotency_key is None else idempotency_key,
            payment_id=payment_id,
            amount=amount,
            final_capture=final_capture,
        )
        return self._unary(_CAPTURE_PAYMENT, request, timeout_s)

    def cancel_payment(
        self,
        *,
        payment_id: str,
        idempotency_key: str | None = None,
        reason: str = "",
        timeout_s: float | None = None,
    ) -> CancelPaymentResponse:
        """Gives up what is not captured. Without captures the payment becomes CANCELED, with captures SUCCEEDED. A
        payment that was taken in full can't be canceled: refund it.

        Also returns PAYMENT_NOT_FOUND and PAYMENT_STATE_CONFLICT.

        Arguments:
            payment_id: Which payment, "pay_…".
            idempotency_key: Makes the call safe to repeat; see CreatePaymentRequest. A random UUID is made when None;
                keep a key of your own to repeat the call after a crash.
            reason: Why, for the merchant's own records and for providers that take a reason; at most 255 characters.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = CancelPaymentRequest(
            idempotency_key=new_idempotency_key() if idempotency_key is None else idempotency_key,
            payment_id=payment_id,
            reason=reason,
        )
        return self._unary(_CANCEL_PAYMENT, request, timeout_s)

    def create_refund(
        self,
        *,
        payment_id: str,
        idempotency_key: str | None = None,
        amount: Money | None = None,
        reason: str = "",
        merchant_reference: str = "",
        timeout_s: float | None = None,
    ) -> CreateRefundResponse:
        """Returns all or a part of what was captured. May be called several times, up to what was captured. A refund
        that the provider declines is answered with a refund in REFUND_STATE_FAILED. Where a provider refunds capture by
        capture, one refund is at most what the capture with the most left can give back, and the error says how much
        that is.

        Also returns PAYMENT_NOT_FOUND, PAYMENT_STATE_CONFLICT, REFUND_EXCEEDS_CAPTURED, AMOUNT_INVALID and
        CURRENCY_NOT_SUPPORTED.

        Arguments:
            payment_id: Out of which payment, "pay_…".
            idempotency_key: Makes the call safe to repeat: 1 to 64 visible ASCII characters; see CreatePaymentRequest.
                A random UUID is made when None; keep a key of your own to repeat the call after a crash.
            amount: How much, in the payment's currency; all that can still be refunded when not set.
            reason: Why, for the merchant's own records and for providers that take a reason; at most 255 characters,
                cut to the provider's own limit.
            merchant_reference: The merchant's own number of the refund, at most 64 visible ASCII characters; may be
                empty.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = CreateRefundRequest(
            idempotency_key=new_idempotency_key() if idempotency_key is None else idempotency_key,
            payment_id=payment_id,
            amount=amount,
            reason=reason,
            merchant_reference=merchant_reference,
        )
        return self._unary(_CREATE_REFUND, request, timeout_s)

    def get_refund(
        self,
        *,
        refund_id: str | None = None,
        merchant_reference: str | None = None,
        provider_reference: str | None = None,
        timeout_s: float | None = None,
    ) -> GetRefundResponse:
        """Returns one refund.

        Also returns REFUND_NOT_FOUND and REFERENCE_AMBIGUOUS.

        Arguments:
            refund_id: Our identifier, "re_…".
            merchant_reference: The merchant's number of the refund, 1 to 64 visible ASCII characters. Several refunds
                with it give REFERENCE_AMBIGUOUS.
            provider_reference: The provider's reference of the refund, 1 to 128 visible ASCII characters.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        exactly_one(refund_id=refund_id, merchant_reference=merchant_reference, provider_reference=provider_reference)
        request = GetRefundRequest(
            refund_id=refund_id,
            merchant_reference=merchant_reference,
            provider_reference=provider_reference,
        )
        return self._unary(_GET_REFUND, request, timeout_s)

    def list_refunds(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        payment_id: str = "",
        states: Sequence[RefundState] = (),
        provider: str = "",
        provider_account_id: str = "",
        merchant_reference: str = "",
        create_time_from: datetime | Timestamp | None = None,
        create_time_before: datetime | Timestamp | None = None,
        timeout_s: float | None = None,
    ) -> Pager[Refund, ListRefundsResponse]:
        """Lists refunds, newest first.

        Also returns PAGE_TOKEN_INVALID.

        Arguments:
            page_size: How many refunds at most, up to 100; 20 when 0. A page may be shorter than asked for before the
                end.
            page_token: `next_page_token` of the page before, unchanged; empty for the first page. All filters must be
                as they were then.
            payment_id: Refunds of this payment, "pay_…".
            states: Refunds in one of these states, at most 4, each once.
            provider: Refunds at this provider, at most 32 characters.
            provider_account_id: Refunds at this provider account, at most 64 characters.
            merchant_reference: Refunds with this number of the merchant, at most 64 visible ASCII characters.
            create_time_from: Refunds made at or after this time.
            create_time_before: Refunds made before this time.
            timeout_s: Seconds for each page with all its repeats; the client's `timeout_s` when None.
        """
        request = ListRefundsRequest(
            page_size=page_size,
            page_token=page_token,
            payment_id=payment_id,
            states=states,
            provider=provider,
            provider_account_id=provider_account_id,
            merchant_reference=merchant_reference,
            create_time_from=timestamp(create_time_from),
            create_time_before=timestamp(create_time_before),
        )
        return self._pages(_LIST_REFUNDS, request, timeout_s, lambda page: page.refunds)

    def get_status(
        self,
        *,
        payment_id: str | None = None,
        merchant_reference: str | None = None,
        provider_reference: str | None = None,
        refresh: bool = False,
        timeout_s: float | None = None,
    ) -> GetStatusResponse:
        """Returns how far one payment is; with `refresh` after asking the provider.

        Also returns PAYMENT_NOT_FOUND and REFERENCE_AMBIGUOUS.

        Arguments:
            payment_id: Our identifier, "pay_…".
            merchant_reference: The merchant's order number, 1 to 64 visible ASCII characters. Several payments with it
                give REFERENCE_AMBIGUOUS; ListPayments finds them all.
            provider_reference: The provider's reference of the payment or of one of its operations, 1 to 128 visible
                ASCII characters. If two providers gave out the same, the answer is REFERENCE_AMBIGUOUS.
            refresh: True to ask the provider first, if anything of the payment is still open. It is asked at most every
                three seconds about the same operation, however often this is called; a provider that does not answer is
                no error, see `refreshed`.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        exactly_one(payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference)
        request = GetStatusRequest(
            lookup=PaymentLookup(
                payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference
            ),
            refresh=refresh,
        )
        return self._unary(_GET_STATUS, request, timeout_s)

    def batch_get_status(
        self,
        *,
        lookups: Sequence[PaymentLookup],
        timeout_s: float | None = None,
    ) -> BatchGetStatusResponse:
        """Returns how far many payments are. A payment that is not found is an entry with an error, not a failed call.

        Arguments:
            lookups: Which payments, 1 to 100.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = BatchGetStatusRequest(
            lookups=lookups,
        )
        return self._unary(_BATCH_GET_STATUS, request, timeout_s)

    def watch_status(
        self,
        *,
        payment_id: str | None = None,
        merchant_reference: str | None = None,
        provider_reference: str | None = None,
        after_version: int = 0,
        timeout_s: float | None = None,
    ) -> Generator[PaymentStatus, None, None]:
        """Streams the status of one payment: the present one if it is newer than `after_version`, then each newer one.
        Versions that follow each other closely may be left out; the latest never is. The stream ends with OK after a
        terminal state or PAYMENT_STATE_NEEDS_REVIEW was sent, and at once if the caller has seen it already. A stream
        that breaks off is resumed with the last version seen, on any server process.

        Also returns PAYMENT_NOT_FOUND and REFERENCE_AMBIGUOUS.

        A stream that breaks off is resumed by the client itself, after the version that came last.

        Arguments:
            payment_id: Our identifier, "pay_…".
            merchant_reference: The merchant's order number, 1 to 64 visible ASCII characters. Several payments with it
                give REFERENCE_AMBIGUOUS; ListPayments finds them all.
            provider_reference: The provider's reference of the payment or of one of its operations, 1 to 128 visible
                ASCII characters. If two providers gave out the same, the answer is REFERENCE_AMBIGUOUS.
            after_version: Send only what is newer than this version; 0 to begin with the present status.
            timeout_s: Seconds for the whole watch; no limit when None.
        """
        exactly_one(payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference)
        request = WatchStatusRequest(
            lookup=PaymentLookup(
                payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference
            ),
            after_version=after_version,
        )
        return self._watch(_WATCH_STATUS, request, timeout_s)


class AsyncMethods(AsyncCalls):
    """The RPCs of the contract for asyncio. Each raises TollbridgeError when it fails."""

    async def create_payment(
        self,
        *,
        amount: Money,
        payment_method: PaymentMethod,
        idempotency_key: str | None = None,
        merchant_reference: str = "",
        capture_method: CaptureMethod | None = None,
        on_decline: OnDecline | None = None,
        order: Order | None = None,
        customer: Customer | None = None,
        metadata: Mapping[str, str] | None = None,
        description: str = "",
        statement_descriptor: str = "",
        return_url: str = "",
        expire_time: datetime | Timestamp | None = None,
        provider_account_id: str = "",
        timeout_s: float | None = None,
    ) -> CreatePaymentResponse:
        """Makes a payment and sends it to a provider. Answers with the payment in the state that is known when the
        provider answered, or in PROCESSING when the outcome is not known in time; then GetStatus or WatchStatus tells
        it.

        Also returns CARD_NUMBER_INVALID, CARD_EXPIRED, CVV_INVALID, CARD_BRAND_UNSUPPORTED, AMOUNT_INVALID,
        CURRENCY_NOT_SUPPORTED, PAYMENT_METHOD_NOT_SUPPORTED, PROVIDER_ACCOUNT_NOT_FOUND, NO_PROVIDER_ACCOUNT and
        PAYMENT_EXPIRED.

        Arguments:
            amount: How much to ask for.
            payment_method: With what the payer pays.
            idempotency_key: Makes the call safe to repeat: 1 to 64 visible ASCII characters, best a random UUID, unique
                per merchant and RPC. Use the same key for every repeat of one intention and a new one for a new
                intention. Kept for 30 days by default. A random UUID is made when None; keep a key of your own to
                repeat the call after a crash.
            merchant_reference: The merchant's own order number, at most 64 visible ASCII characters. It may be empty
                and need not be unique, but a caller that lost the answer finds the payment by it.
            capture_method: When the money is taken; automatically when not said.
            on_decline: What a decline does to the payment; it fails when not said.
            order: What is bought.
            customer: Who pays.
            metadata: The caller's own notes, returned unchanged and never sent to a provider: at most 50, keys of 1 to
                40 and values of at most 500 characters. Put no secrets here. A card number in it, or in any other text
                of this request, is refused; numbers of your own, such as merchant_reference, are not looked at.
            description: What is paid for, as the payer sees it in the wallet or on the cashier page; at most 256
                characters, cut to the provider's own limit.
            statement_descriptor: What stands on the payer's statement, at most 22 printable ASCII characters; the
                provider account's own when empty.
            return_url: Where the payer's browser returns to after a redirect, an absolute http or https URL of at most
                2,048 characters. Required by payment methods that redirect and by cards that may need 3-D Secure.
            expire_time: Until when the payer can pay; a day when not set. A code that the payer showed has a limit of
                its own besides, of about a minute (Alipay: 90 s, WeChat Pay: 60 s): what is not confirmed by then is
                ended at the provider. A time that has passed is answered with PAYMENT_EXPIRED, except for a replay.
            provider_account_id: Pins the payment to one of the merchant's provider accounts, at most 64 characters; the
                server chooses when empty.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = CreatePaymentRequest(
            idempotency_key=new_idempotency_key() if idempotency_key is None else idempotency_key,
            merchant_reference=merchant_reference,
            amount=amount,
            payment_method=payment_method,
            capture_method=capture_method,
            on_decline=on_decline,
            order=order,
            customer=customer,
            metadata=metadata,
            description=description,
            statement_descriptor=statement_descriptor,
            return_url=return_url,
            expire_time=timestamp(expire_time),
            provider_account_id=provider_account_id,
        )
        return await self._unary(_CREATE_PAYMENT, request, timeout_s)

    async def get_payment(
        self,
        *,
        payment_id: str | None = None,
        merchant_reference: str | None = None,
        provider_reference: str | None = None,
        timeout_s: float | None = None,
    ) -> GetPaymentResponse:
        """Returns one payment with its timeline.

        Also returns PAYMENT_NOT_FOUND and REFERENCE_AMBIGUOUS.

        Arguments:
            payment_id: Our identifier, "pay_…".
            merchant_reference: The merchant's order number, 1 to 64 visible ASCII characters. Several payments with it
                give REFERENCE_AMBIGUOUS; ListPayments finds them all.
            provider_reference: The provider's reference of the payment or of one of its operations, 1 to 128 visible
                ASCII characters. If two providers gave out the same, the answer is REFERENCE_AMBIGUOUS.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        exactly_one(payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference)
        request = GetPaymentRequest(
            lookup=PaymentLookup(
                payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference
            ),
        )
        return await self._unary(_GET_PAYMENT, request, timeout_s)

    def list_payments(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        states: Sequence[PaymentState] = (),
        provider: str = "",
        provider_account_id: str = "",
        merchant_reference: str = "",
        create_time_from: datetime | Timestamp | None = None,
        create_time_before: datetime | Timestamp | None = None,
        timeout_s: float | None = None,
    ) -> AsyncPager[Payment, ListPaymentsResponse]:
        """Lists payments, newest first, without their timelines.

        Also returns PAGE_TOKEN_INVALID.

        Arguments:
            page_size: How many payments at most, up to 100; 20 when 0. A page may be shorter than asked for before the
                end.
            page_token: `next_page_token` of the page before, unchanged; empty for the first page. All filters must be
                as they were then.
            states: Payments in one of these states, at most 8, each once.
            provider: Payments of this provider, at most 32 characters.
            provider_account_id: Payments of this provider account, at most 64 characters.
            merchant_reference: Payments with this order number of the merchant, at most 64 visible ASCII characters.
            create_time_from: Payments made at or after this time.
            create_time_before: Payments made before this time.
            timeout_s: Seconds for each page with all its repeats; the client's `timeout_s` when None.
        """
        request = ListPaymentsRequest(
            page_size=page_size,
            page_token=page_token,
            states=states,
            provider=provider,
            provider_account_id=provider_account_id,
            merchant_reference=merchant_reference,
            create_time_from=timestamp(create_time_from),
            create_time_before=timestamp(create_time_before),
        )
        return self._pages(_LIST_PAYMENTS, request, timeout_s, lambda page: page.payments)

    async def confirm_payment(
        self,
        *,
        payment_id: str,
        idempotency_key: str | None = None,
        payment_method: PaymentMethod | None = None,
        action_result: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> ConfirmPaymentResponse:
        """Continues a payment that is in REQUIRES_ACTION: after the payer came back from the next action, or with
        another payment method. With another payment method an action that is open at the provider is first canceled
        there.

        Also returns PAYMENT_NOT_FOUND, PAYMENT_STATE_CONFLICT, PAYMENT_EXPIRED, CARD_NUMBER_INVALID, CARD_EXPIRED,
        CVV_INVALID, CARD_BRAND_UNSUPPORTED, AMOUNT_INVALID, CURRENCY_NOT_SUPPORTED, PAYMENT_METHOD_NOT_SUPPORTED and
        NO_PROVIDER_ACCOUNT.

        Arguments:
            payment_id: Which payment, "pay_…".
            idempotency_key: Makes the call safe to repeat; see CreatePaymentRequest. A random UUID is made when None;
                keep a key of your own to repeat the call after a crash.
            payment_method: Another payment method for a new attempt. Required while the next action is to provide one;
                leave it out to go on with the attempt that is open.
            action_result: What the next action gave back, under the provider's own names: the query parameters of the
                payer's return, or the result of the SDK. At most 20 entries, keys of 1 to 64 and values of at most
                8,192 characters. It is a hint; only the provider's answer counts.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = ConfirmPaymentRequest(
            idempotency_key=new_idempotency_key() if idempotency_key is None else idempotency_key,
            payment_id=payment_id,
            payment_method=payment_method,
            action_result=action_result,
        )
        return await self._unary(_CONFIRM_PAYMENT, request, timeout_s)

    async def capture_payment(
        self,
        *,
        payment_id: str,
        idempotency_key: str | None = None,
        amount: Money | None = None,
        final_capture: bool = False,
        timeout_s: float | None = None,
    ) -> CapturePaymentResponse:
        """Takes all or a part of what was authorized. May be called several times where the provider allows it. A
        capture that the provider declines leaves the payment as it was and shows as a failed operation in the timeline.

        Also returns PAYMENT_NOT_FOUND, PAYMENT_STATE_CONFLICT, CAPTURE_EXCEEDS_AUTHORIZED, AMOUNT_INVALID and
        CURRENCY_NOT_SUPPORTED.

        Arguments:
            payment_id: Which payment, "pay_…".
            idempotency_key: Makes the call safe to repeat; see CreatePaymentRequest. A random UUID is made when None;
                keep a key of your own to repeat the call after a crash.
            amount: How much to take, in the payment's currency; all that can still be captured when not set.
            final_capture: True if nothing more will be captured: the rest is released and the payment becomes
                SUCCEEDED.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = CapturePaymentRequest(
            idempotency_key=new_idempotency_key() if idempotency_key is None else idempotency_key,
            payment_id=payment_id,
            amount=amount,
            final_capture=final_capture,
        )
        return await self._unary(_CAPTURE_PAYMENT, request, timeout_s)

    async def cancel_payment(
        self,
        *,
        payment_id: str,
        idempotency_key: str | None = None,
        reason: str = "",
        timeout_s: float | None = None,
    ) -> CancelPaymentResponse:
        """Gives up what is not captured. Without captures the payment becomes CANCELED, with captures SUCCEEDED. A
        payment that was taken in full can't be canceled: refund it.

        Also returns PAYMENT_NOT_FOUND and PAYMENT_STATE_CONFLICT.

        Arguments:
            payment_id: Which payment, "pay_…".
            idempotency_key: Makes the call safe to repeat; see CreatePaymentRequest. A random UUID is made when None;
                keep a key of your own to repeat the call after a crash.
            reason: Why, for the merchant's own records and for providers that take a reason; at most 255 characters.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = CancelPaymentRequest(
            idempotency_key=new_idempotency_key() if idempotency_key is None else idempotency_key,
            payment_id=payment_id,
            reason=reason,
        )
        return await self._unary(_CANCEL_PAYMENT, request, timeout_s)

    async def create_refund(
        self,
        *,
        payment_id: str,
        idempotency_key: str | None = None,
        amount: Money | None = None,
        reason: str = "",
        merchant_reference: str = "",
        timeout_s: float | None = None,
    ) -> CreateRefundResponse:
        """Returns all or a part of what was captured. May be called several times, up to what was captured. A refund
        that the provider declines is answered with a refund in REFUND_STATE_FAILED. Where a provider refunds capture by
        capture, one refund is at most what the capture with the most left can give back, and the error says how much
        that is.

        Also returns PAYMENT_NOT_FOUND, PAYMENT_STATE_CONFLICT, REFUND_EXCEEDS_CAPTURED, AMOUNT_INVALID and
        CURRENCY_NOT_SUPPORTED.

        Arguments:
            payment_id: Out of which payment, "pay_…".
            idempotency_key: Makes the call safe to repeat: 1 to 64 visible ASCII characters; see CreatePaymentRequest.
                A random UUID is made when None; keep a key of your own to repeat the call after a crash.
            amount: How much, in the payment's currency; all that can still be refunded when not set.
            reason: Why, for the merchant's own records and for providers that take a reason; at most 255 characters,
                cut to the provider's own limit.
            merchant_reference: The merchant's own number of the refund, at most 64 visible ASCII characters; may be
                empty.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = CreateRefundRequest(
            idempotency_key=new_idempotency_key() if idempotency_key is None else idempotency_key,
            payment_id=payment_id,
            amount=amount,
            reason=reason,
            merchant_reference=merchant_reference,
        )
        return await self._unary(_CREATE_REFUND, request, timeout_s)

    async def get_refund(
        self,
        *,
        refund_id: str | None = None,
        merchant_reference: str | None = None,
        provider_reference: str | None = None,
        timeout_s: float | None = None,
    ) -> GetRefundResponse:
        """Returns one refund.

        Also returns REFUND_NOT_FOUND and REFERENCE_AMBIGUOUS.

        Arguments:
            refund_id: Our identifier, "re_…".
            merchant_reference: The merchant's number of the refund, 1 to 64 visible ASCII characters. Several refunds
                with it give REFERENCE_AMBIGUOUS.
            provider_reference: The provider's reference of the refund, 1 to 128 visible ASCII characters.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        exactly_one(refund_id=refund_id, merchant_reference=merchant_reference, provider_reference=provider_reference)
        request = GetRefundRequest(
            refund_id=refund_id,
            merchant_reference=merchant_reference,
            provider_reference=provider_reference,
        )
        return await self._unary(_GET_REFUND, request, timeout_s)

    def list_refunds(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        payment_id: str = "",
        states: Sequence[RefundState] = (),
        provider: str = "",
        provider_account_id: str = "",
        merchant_reference: str = "",
        create_time_from: datetime | Timestamp | None = None,
        create_time_before: datetime | Timestamp | None = None,
        timeout_s: float | None = None,
    ) -> AsyncPager[Refund, ListRefundsResponse]:
        """Lists refunds, newest first.

        Also returns PAGE_TOKEN_INVALID.

        Arguments:
            page_size: How many refunds at most, up to 100; 20 when 0. A page may be shorter than asked for before the
                end.
            page_token: `next_page_token` of the page before, unchanged; empty for the first page. All filters must be
                as they were then.
            payment_id: Refunds of this payment, "pay_…".
            states: Refunds in one of these states, at most 4, each once.
            provider: Refunds at this provider, at most 32 characters.
            provider_account_id: Refunds at this provider account, at most 64 characters.
            merchant_reference: Refunds with this number of the merchant, at most 64 visible ASCII characters.
            create_time_from: Refunds made at or after this time.
            create_time_before: Refunds made before this time.
            timeout_s: Seconds for each page with all its repeats; the client's `timeout_s` when None.
        """
        request = ListRefundsRequest(
            page_size=page_size,
            page_token=page_token,
            payment_id=payment_id,
            states=states,
            provider=provider,
            provider_account_id=provider_account_id,
            merchant_reference=merchant_reference,
            create_time_from=timestamp(create_time_from),
            create_time_before=timestamp(create_time_before),
        )
        return self._pages(_LIST_REFUNDS, request, timeout_s, lambda page: page.refunds)

    async def get_status(
        self,
        *,
        payment_id: str | None = None,
        merchant_reference: str | None = None,
        provider_reference: str | None = None,
        refresh: bool = False,
        timeout_s: float | None = None,
    ) -> GetStatusResponse:
        """Returns how far one payment is; with `refresh` after asking the provider.

        Also returns PAYMENT_NOT_FOUND and REFERENCE_AMBIGUOUS.

        Arguments:
            payment_id: Our identifier, "pay_…".
            merchant_reference: The merchant's order number, 1 to 64 visible ASCII characters. Several payments with it
                give REFERENCE_AMBIGUOUS; ListPayments finds them all.
            provider_reference: The provider's reference of the payment or of one of its operations, 1 to 128 visible
                ASCII characters. If two providers gave out the same, the answer is REFERENCE_AMBIGUOUS.
            refresh: True to ask the provider first, if anything of the payment is still open. It is asked at most every
                three seconds about the same operation, however often this is called; a provider that does not answer is
                no error, see `refreshed`.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        exactly_one(payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference)
        request = GetStatusRequest(
            lookup=PaymentLookup(
                payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference
            ),
            refresh=refresh,
        )
        return await self._unary(_GET_STATUS, request, timeout_s)

    async def batch_get_status(
        self,
        *,
        lookups: Sequence[PaymentLookup],
        timeout_s: float | None = None,
    ) -> BatchGetStatusResponse:
        """Returns how far many payments are. A payment that is not found is an entry with an error, not a failed call.

        Arguments:
            lookups: Which payments, 1 to 100.
            timeout_s: Seconds for the call with all its repeats; the client's `timeout_s` when None.
        """
        request = BatchGetStatusRequest(
            lookups=lookups,
        )
        return await self._unary(_BATCH_GET_STATUS, request, timeout_s)

    def watch_status(
        self,
        *,
        payment_id: str | None = None,
        merchant_reference: str | None = None,
        provider_reference: str | None = None,
        after_version: int = 0,
        timeout_s: float | None = None,
    ) -> AsyncGenerator[PaymentStatus, None]:
        """Streams the status of one payment: the present one if it is newer than `after_version`, then each newer one.
        Versions that follow each other closely may be left out; the latest never is. The stream ends with OK after a
        terminal state or PAYMENT_STATE_NEEDS_REVIEW was sent, and at once if the caller has seen it already. A stream
        that breaks off is resumed with the last version seen, on any server process.

        Also returns PAYMENT_NOT_FOUND and REFERENCE_AMBIGUOUS.

        A stream that breaks off is resumed by the client itself, after the version that came last.

        Arguments:
            payment_id: Our identifier, "pay_…".
            merchant_reference: The merchant's order number, 1 to 64 visible ASCII characters. Several payments with it
                give REFERENCE_AMBIGUOUS; ListPayments finds them all.
            provider_reference: The provider's reference of the payment or of one of its operations, 1 to 128 visible
                ASCII characters. If two providers gave out the same, the answer is REFERENCE_AMBIGUOUS.
            after_version: Send only what is newer than this version; 0 to begin with the present status.
            timeout_s: Seconds for the whole watch; no limit when None.
        """
        exactly_one(payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference)
        request = WatchStatusRequest(
            lookup=PaymentLookup(
                payment_id=payment_id, merchant_reference=merchant_reference, provider_reference=provider_reference
            ),
            after_version=after_version,
        )
        return self._watch(_WATCH_STATUS, request, timeout_s)
