"""One exception for each ErrorReason below one for each gRPC code.

Generated from protos/tollbridge/v1 by protos/codegen/facade.py; never edited by hand.
"""

# ruff: noqa: D404 -- the docstrings are the contract's comments, which may begin with "This".
from __future__ import annotations

import grpc

from tollbridge._errors import Effect, TollbridgeError


class Aborted(TollbridgeError):
    """The call ended with ABORTED."""


class Canceled(TollbridgeError):
    """The call ended with CANCELLED."""


class DeadlineExceeded(TollbridgeError):
    """The call ended with DEADLINE_EXCEEDED."""


class FailedPrecondition(TollbridgeError):
    """The call ended with FAILED_PRECONDITION."""


class Internal(TollbridgeError):
    """The call ended with INTERNAL."""


class InvalidArgument(TollbridgeError):
    """The call ended with INVALID_ARGUMENT."""


class NotFound(TollbridgeError):
    """The call ended with NOT_FOUND."""


class PermissionDenied(TollbridgeError):
    """The call ended with PERMISSION_DENIED."""


class ResourceExhausted(TollbridgeError):
    """The call ended with RESOURCE_EXHAUSTED."""


class Unauthenticated(TollbridgeError):
    """The call ended with UNAUTHENTICATED."""


class Unavailable(TollbridgeError):
    """The call ended with UNAVAILABLE."""


class Unimplemented(TollbridgeError):
    """The call ended with UNIMPLEMENTED."""


class Unknown(TollbridgeError):
    """The call ended with UNKNOWN."""


class OperationInProgress(Aborted):
    """A call with the same key and request is still running, or another operation on the payment must finish first.
    google.rpc.RetryInfo says when to come back.

    ABORTED; effect possible. Repeat with the same idempotency key.

    Metadata: {"effect": "POSSIBLE", "payment_id": "pay_01JH8Y2M6ZC3T9V4QK7N5XWERD", "correlation_id": "c1b0…"}
    """

    REASON = "OPERATION_IN_PROGRESS"
    DEFAULT_EFFECT = Effect.POSSIBLE


class DeadlineTooShort(DeadlineExceeded):
    """The call's deadline leaves too little time to begin the work, so it was not begun.

    DEADLINE_EXCEEDED; effect excluded. Repeat with a longer deadline and the same idempotency key.

    Metadata: {"effect": "EXCLUDED", "minimum_s": "0.2", "correlation_id": "c1b0…"}
    """

    REASON = "DEADLINE_TOO_SHORT"
    DEFAULT_EFFECT = Effect.EXCLUDED


class CardBrandUnsupported(FailedPrecondition):
    """No provider account of the merchant takes cards of this brand.

    FAILED_PRECONDITION; effect excluded. Ask the payer for another payment method.

    Metadata: {"effect": "EXCLUDED", "brand": "diners", "correlation_id": "c1b0…"}
    """

    REASON = "CARD_BRAND_UNSUPPORTED"
    DEFAULT_EFFECT = Effect.EXCLUDED


class CurrencyNotSupported(FailedPrecondition):
    """The currency is not known, is not taken by the payment method or the provider account, or is not the payment's
    own.

    FAILED_PRECONDITION; effect excluded. Use another currency or payment method.

    Metadata: {"effect": "EXCLUDED", "currency_code": "KWD", "provider": "alipay", "correlation_id": "c1b0…"}
    """

    REASON = "CURRENCY_NOT_SUPPORTED"
    DEFAULT_EFFECT = Effect.EXCLUDED


class PaymentMethodNotSupported(FailedPrecondition):
    """The provider account can't do what is asked with this payment method (manual capture of a QR payment, for
    example).

    FAILED_PRECONDITION; effect excluded. Use another payment method, or ask for less.

    Metadata: {"effect": "EXCLUDED", "payment_method_kind": "ALIPAY_QR", "capability": "manual_capture",
    "correlation_id": "c1b0…"}
    """

    REASON = "PAYMENT_METHOD_NOT_SUPPORTED"
    DEFAULT_EFFECT = Effect.EXCLUDED


class NoProviderAccount(FailedPrecondition):
    """The merchant has no enabled provider account that serves this payment method, currency and amount.

    FAILED_PRECONDITION; effect excluded. Let an operator add a provider account.

    Metadata: {"effect": "EXCLUDED", "payment_method_kind": "PAYPAL", "currency_code": "EUR", "correlation_id": "c1b0…"}
    """

    REASON = "NO_PROVIDER_ACCOUNT"
    DEFAULT_EFFECT = Effect.EXCLUDED


class IdempotencyKeyReused(FailedPrecondition):
    """The key was used before by a request with other contents. This request was not carried out; the earlier one
    stands.

    FAILED_PRECONDITION; effect excluded. Mend the caller: one key for one intention.

    Metadata: {"effect": "EXCLUDED", "first_used_at": "2026-01-02T03:04:05Z", "resource":
    "pay_01JH8Y2M6ZC3T9V4QK7N5XWERD", "correlation_id": "c1b0…"}
    """

    REASON = "IDEMPOTENCY_KEY_REUSED"
    DEFAULT_EFFECT = Effect.EXCLUDED


class PaymentStateConflict(FailedPrecondition):
    """The payment's state does not allow the operation.

    FAILED_PRECONDITION; effect excluded. Read the payment and decide anew.

    Metadata: {"effect": "EXCLUDED", "payment_id": "pay_01JH8Y2M6ZC3T9V4QK7N5XWERD", "state": "CANCELED", "operation":
    "CAPTURE", "correlation_id": "c1b0…"}
    """

    REASON = "PAYMENT_STATE_CONFLICT"
    DEFAULT_EFFECT = Effect.EXCLUDED


class CaptureExceedsAuthorized(FailedPrecondition):
    """The capture is greater than what can still be captured; captures on their way count.

    FAILED_PRECONDITION; effect excluded. Capture at most `capturable_minor`.

    Metadata: {"effect": "EXCLUDED", "requested_minor": "1000", "capturable_minor": "400", "currency_code": "CNY",
    "correlation_id": "c1b0…"}
    """

    REASON = "CAPTURE_EXCEEDS_AUTHORIZED"
    DEFAULT_EFFECT = Effect.EXCLUDED


class RefundExceedsCaptured(FailedPrecondition):
    """The refund is greater than what can still be refunded; refunds on their way count.

    FAILED_PRECONDITION; effect excluded. Refund at most `refundable_minor`.

    Metadata: {"effect": "EXCLUDED", "requested_minor": "1000", "refundable_minor": "400", "currency_code": "CNY",
    "correlation_id": "c1b0…"}
    """

    REASON = "REFUND_EXCEEDS_CAPTURED"
    DEFAULT_EFFECT = Effect.EXCLUDED


class ReferenceAmbiguous(FailedPrecondition):
    """Several payments or refunds of the merchant have this reference.

    FAILED_PRECONDITION; effect excluded. Use the identifier; the list RPC with the reference as filter gives all of
    them.

    Metadata: {"effect": "EXCLUDED", "merchant_reference": "A-1001", "matches": "2", "correlation_id": "c1b0…"}
    """

    REASON = "REFERENCE_AMBIGUOUS"
    DEFAULT_EFFECT = Effect.EXCLUDED


class PaymentExpired(FailedPrecondition):
    """The `expire_time` of the request or of the payment has passed.

    FAILED_PRECONDITION; effect excluded. Make a new payment.

    Metadata: {"effect": "EXCLUDED", "expire_time": "2026-01-02T03:04:05Z", "correlation_id": "c1b0…"}
    """

    REASON = "PAYMENT_EXPIRED"
    DEFAULT_EFFECT = Effect.EXCLUDED


class InternalError(Internal):
    """A fault of the server. Nothing about it is told but the correlation identifier.

    INTERNAL; effect possible. Look the payment up or repeat with the same idempotency key, and give the operator the
    correlation identifier.

    Metadata: {"effect": "POSSIBLE", "correlation_id": "c1b0…"}
    """

    REASON = "INTERNAL"
    DEFAULT_EFFECT = Effect.POSSIBLE


class RequestInvalid(InvalidArgument):
    """One or more fields break the rules that are written in the contract; google.rpc.BadRequest names each.

    INVALID_ARGUMENT; effect excluded. Correct the request.

    Metadata: {"effect": "EXCLUDED", "violations": "2", "correlation_id": "c1b0…"}
    """

    REASON = "REQUEST_INVALID"
    DEFAULT_EFFECT = Effect.EXCLUDED


class CardNumberInvalid(InvalidArgument):
    """The card number fails the Luhn check, or has a wrong length for its brand.

    INVALID_ARGUMENT; effect excluded. Ask the payer to type it again.

    Metadata: {"effect": "EXCLUDED", "field": "payment_method.card.number", "correlation_id": "c1b0…"}
    """

    REASON = "CARD_NUMBER_INVALID"
    DEFAULT_EFFECT = Effect.EXCLUDED


class CardExpired(InvalidArgument):
    """The card's month of expiry has passed.

    INVALID_ARGUMENT; effect excluded. Ask the payer for another card.

    Metadata: {"effect": "EXCLUDED", "field": "payment_method.card.expiry_month", "correlation_id": "c1b0…"}
    """

    REASON = "CARD_EXPIRED"
    DEFAULT_EFFECT = Effect.EXCLUDED


class CvvInvalid(InvalidArgument):
    """The card verification value has a wrong length for the brand, or is missing where it is required.

    INVALID_ARGUMENT; effect excluded. Ask the payer to type it again.

    Metadata: {"effect": "EXCLUDED", "field": "payment_method.card.cvv", "brand": "amex", "correlation_id": "c1b0…"}
    """

    REASON = "CVV_INVALID"
    DEFAULT_EFFECT = Effect.EXCLUDED


class AmountInvalid(InvalidArgument):
    """The amount is outside the provider's range, or can't be expressed in the provider's units.

    INVALID_ARGUMENT; effect excluded. Correct the amount.

    Metadata: {"effect": "EXCLUDED", "amount_minor": "1", "currency_code": "JPY", "minimum_minor": "50",
    "correlation_id": "c1b0…"}
    """

    REASON = "AMOUNT_INVALID"
    DEFAULT_EFFECT = Effect.EXCLUDED


class PageTokenInvalid(InvalidArgument):
    """The page token was not made by this RPC, was altered, or belongs to other filters or to another merchant.

    INVALID_ARGUMENT; effect excluded. Begin again with the first page.

    Metadata: {"effect": "EXCLUDED", "field": "page_token", "correlation_id": "c1b0…"}
    """

    REASON = "PAGE_TOKEN_INVALID"
    DEFAULT_EFFECT = Effect.EXCLUDED


class ProviderAccountNotFound(NotFound):
    """The merchant has no provider account with the pinned identifier.

    NOT_FOUND; effect excluded. Correct `provider_account_id` or leave it out.

    Metadata: {"effect": "EXCLUDED", "provider_account_id": "sandbox-eu", "correlation_id": "c1b0…"}
    """

    REASON = "PROVIDER_ACCOUNT_NOT_FOUND"
    DEFAULT_EFFECT = Effect.EXCLUDED


class PaymentNotFound(NotFound):
    """The merchant has no such payment. The payment of another merchant is answered in the same way.

    NOT_FOUND; effect excluded. Check the reference.

    Metadata: {"effect": "EXCLUDED", "payment_id": "pay_01JH8Y2M6ZC3T9V4QK7N5XWERD", "correlation_id": "c1b0…"}
    """

    REASON = "PAYMENT_NOT_FOUND"
    DEFAULT_EFFECT = Effect.EXCLUDED


class RefundNotFound(NotFound):
    """The merchant has no such refund. The refund of another merchant is answered in the same way.

    NOT_FOUND; effect excluded. Check the reference.

    Metadata: {"effect": "EXCLUDED", "refund_id": "re_01JH8Y2M6ZC3T9V4QK7N5XWERD", "correlation_id": "c1b0…"}
    """

    REASON = "REFUND_NOT_FOUND"
    DEFAULT_EFFECT = Effect.EXCLUDED


class ScopeMissing(PermissionDenied):
    """The token does not hold the scope that the RPC declares.

    PERMISSION_DENIED; effect excluded. Get a token with the scope.

    Metadata: {"effect": "EXCLUDED", "scope": "refunds:write", "correlation_id": "c1b0…"}
    """

    REASON = "SCOPE_MISSING"
    DEFAULT_EFFECT = Effect.EXCLUDED


class Overloaded(ResourceExhausted):
    """The server has too much work and did not begin this. google.rpc.RetryInfo says when to come back.

    RESOURCE_EXHAUSTED; effect excluded. Repeat later with the same idempotency key.

    Metadata: {"effect": "EXCLUDED", "correlation_id": "c1b0…"}
    """

    REASON = "OVERLOADED"
    DEFAULT_EFFECT = Effect.EXCLUDED


class CredentialsMissing(Unauthenticated):
    """The call carries no bearer token.

    UNAUTHENTICATED; effect excluded. Send `authorization: Bearer …` in the call's metadata.

    Metadata: {"effect": "EXCLUDED", "correlation_id": "c1b0…"}
    """

    REASON = "CREDENTIALS_MISSING"
    DEFAULT_EFFECT = Effect.EXCLUDED


class CredentialsInvalid(Unauthenticated):
    """The token can't be verified: wrong signature, algorithm, issuer, audience, key or form. Which of them is not
    told.

    UNAUTHENTICATED; effect excluded. Get a new token.

    Metadata: {"effect": "EXCLUDED", "correlation_id": "c1b0…"}
    """

    REASON = "CREDENTIALS_INVALID"
    DEFAULT_EFFECT = Effect.EXCLUDED


class CredentialsExpired(Unauthenticated):
    """The token is genuine, but its time is over.

    UNAUTHENTICATED; effect excluded. Get a new token and repeat with the same idempotency key.

    Metadata: {"effect": "EXCLUDED", "expired_at": "2026-01-02T03:04:05Z", "correlation_id": "c1b0…"}
    """

    REASON = "CREDENTIALS_EXPIRED"
    DEFAULT_EFFECT = Effect.EXCLUDED


class StorageUnavailable(Unavailable):
    """The server's database did not answer. If that was certainly before the intent was durable, "effect" is
    "EXCLUDED".

    UNAVAILABLE; effect possible. Repeat with the same idempotency key.

    Metadata: {"effect": "POSSIBLE", "correlation_id": "c1b0…"}
    """

    REASON = "STORAGE_UNAVAILABLE"
    DEFAULT_EFFECT = Effect.POSSIBLE


class ShuttingDown(Unavailable):
    """This server process is going down and takes no new work.

    UNAVAILABLE; effect excluded. Repeat with the same idempotency key; another process answers.

    Metadata: {"effect": "EXCLUDED", "correlation_id": "c1b0…"}
    """

    REASON = "SHUTTING_DOWN"
    DEFAULT_EFFECT = Effect.EXCLUDED


ERROR_BY_CODE: dict[grpc.StatusCode, type[TollbridgeError]] = {
    grpc.StatusCode.ABORTED: Aborted,
    grpc.StatusCode.CANCELLED: Canceled,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.INTERNAL: Internal,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
    grpc.StatusCode.UNKNOWN: Unknown,
}
ERROR_BY_REASON: dict[str, type[TollbridgeError]] = {
    "AMOUNT_INVALID": AmountInvalid,
    "CAPTURE_EXCEEDS_AUTHORIZED": CaptureExceedsAuthorized,
    "CARD_BRAND_UNSUPPORTED": CardBrandUnsupported,
    "CARD_EXPIRED": CardExpired,
    "CARD_NUMBER_INVALID": CardNumberInvalid,
    "CREDENTIALS_EXPIRED": CredentialsExpired,
    "CREDENTIALS_INVALID": CredentialsInvalid,
    "CREDENTIALS_MISSING": CredentialsMissing,
    "CURRENCY_NOT_SUPPORTED": CurrencyNotSupported,
    "CVV_INVALID": CvvInvalid,
    "DEADLINE_TOO_SHORT": DeadlineTooShort,
    "IDEMPOTENCY_KEY_REUSED": IdempotencyKeyReused,
    "INTERNAL": InternalError,
    "NO_PROVIDER_ACCOUNT": NoProviderAccount,
    "OPERATION_IN_PROGRESS": OperationInProgress,
    "OVERLOADED": Overloaded,
    "PAGE_TOKEN_INVALID": PageTokenInvalid,
    "PAYMENT_EXPIRED": PaymentExpired,
    "PAYMENT_METHOD_NOT_SUPPORTED": PaymentMethodNotSupported,
    "PAYMENT_NOT_FOUND": PaymentNotFound,
    "PAYMENT_STATE_CONFLICT": PaymentStateConflict,
    "PROVIDER_ACCOUNT_NOT_FOUND": ProviderAccountNotFound,
    "REFERENCE_AMBIGUOUS": ReferenceAmbiguous,
    "REFUND_EXCEEDS_CAPTURED": RefundExceedsCaptured,
    "REFUND_NOT_FOUND": RefundNotFound,
    "REQUEST_INVALID": RequestInvalid,
    "SCOPE_MISSING": ScopeMissing,
    "SHUTTING_DOWN": ShuttingDown,
    "STORAGE_UNAVAILABLE": StorageUnavailable,
}
__all__ = [
    "Aborted",
    "AmountInvalid",
    "Canceled",
    "CaptureExceedsAuthorized",
    "CardBrandUnsupported",
    "CardExpired",
    "CardNumberInvalid",
    "CredentialsExpired",
    "CredentialsInvalid",
    "CredentialsMissing",
    "CurrencyNotSupported",
    "CvvInvalid",
    "DeadlineExceeded",
    "DeadlineTooShort",
    "FailedPrecondition",
    "IdempotencyKeyReused",
    "Internal",
    "InternalError",
    "InvalidArgument",
    "NoProviderAccount",
    "NotFound",
    "OperationInProgress",
    "Overloaded",
    "PageTokenInvalid",
    "PaymentExpired",
    "PaymentMethodNotSupported",
    "PaymentNotFound",
    "PaymentStateConflict",
    "PermissionDenied",
    "ProviderAccountNotFound",
    "ReferenceAmbiguous",
    "RefundExceedsCaptured",
    "RefundNotFound",
    "RequestInvalid",
    "ResourceExhausted",
    "ScopeMissing",
    "ShuttingDown",
    "StorageUnavailable",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Unknown",
]
