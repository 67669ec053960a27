from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeclineReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DECLINE_REASON_UNSPECIFIED: _ClassVar[DeclineReason]
    DECLINE_REASON_INSUFFICIENT_FUNDS: _ClassVar[DeclineReason]
    DECLINE_REASON_CARD_EXPIRED: _ClassVar[DeclineReason]
    DECLINE_REASON_CVV_INCORRECT: _ClassVar[DeclineReason]
    DECLINE_REASON_CARD_NUMBER_INCORRECT: _ClassVar[DeclineReason]
    DECLINE_REASON_LOST_CARD: _ClassVar[DeclineReason]
    DECLINE_REASON_STOLEN_CARD: _ClassVar[DeclineReason]
    DECLINE_REASON_FRAUD_SUSPECTED: _ClassVar[DeclineReason]
    DECLINE_REASON_DO_NOT_HONOR: _ClassVar[DeclineReason]
    DECLINE_REASON_GENERIC_DECLINE: _ClassVar[DeclineReason]
    DECLINE_REASON_AUTHENTICATION_FAILED: _ClassVar[DeclineReason]
    DECLINE_REASON_AUTHENTICATION_REQUIRED: _ClassVar[DeclineReason]
    DECLINE_REASON_LIMIT_EXCEEDED: _ClassVar[DeclineReason]
    DECLINE_REASON_NOT_PERMITTED: _ClassVar[DeclineReason]
    DECLINE_REASON_AMOUNT_INVALID: _ClassVar[DeclineReason]
    DECLINE_REASON_CURRENCY_NOT_SUPPORTED: _ClassVar[DeclineReason]
    DECLINE_REASON_PAYER_CANCELED: _ClassVar[DeclineReason]
    DECLINE_REASON_PAYER_TIMEOUT: _ClassVar[DeclineReason]
    DECLINE_REASON_PROVIDER_UNAVAILABLE: _ClassVar[DeclineReason]
    DECLINE_REASON_NOT_PROCESSED: _ClassVar[DeclineReason]
    DECLINE_REASON_PROVIDER_CONFIGURATION: _ClassVar[DeclineReason]
    DECLINE_REASON_REFUND_NOT_POSSIBLE: _ClassVar[DeclineReason]
    DECLINE_REASON_BALANCE_INSUFFICIENT: _ClassVar[DeclineReason]
    DECLINE_REASON_DUPLICATE: _ClassVar[DeclineReason]
    DECLINE_REASON_OTHER: _ClassVar[DeclineReason]
    DECLINE_REASON_PIN_INCORRECT: _ClassVar[DeclineReason]
    DECLINE_REASON_CARD_NOT_SUPPORTED: _ClassVar[DeclineReason]
    DECLINE_REASON_ACCOUNT_RESTRICTED: _ClassVar[DeclineReason]
    DECLINE_REASON_ISSUER_UNAVAILABLE: _ClassVar[DeclineReason]
    DECLINE_REASON_AUTHORIZATION_EXPIRED: _ClassVar[DeclineReason]
    DECLINE_REASON_CAPTURE_NOT_POSSIBLE: _ClassVar[DeclineReason]
    DECLINE_REASON_CANCEL_NOT_POSSIBLE: _ClassVar[DeclineReason]

class RetryAdvice(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RETRY_ADVICE_UNSPECIFIED: _ClassVar[RetryAdvice]
    RETRY_ADVICE_NEVER: _ClassVar[RetryAdvice]
    RETRY_ADVICE_LATER: _ClassVar[RetryAdvice]
    RETRY_ADVICE_OTHER_METHOD: _ClassVar[RetryAdvice]
    RETRY_ADVICE_WITH_AUTHENTICATION: _ClassVar[RetryAdvice]
    RETRY_ADVICE_CORRECTED_DATA: _ClassVar[RetryAdvice]
    RETRY_ADVICE_AFTER_OPERATOR: _ClassVar[RetryAdvice]
DECLINE_REASON_UNSPECIFIED: DeclineReason
DECLINE_REASON_INSUFFICIENT_FUNDS: DeclineReason
DECLINE_REASON_CARD_EXPIRED: DeclineReason
DECLINE_REASON_CVV_INCORRECT: DeclineReason
DECLINE_REASON_CARD_NUMBER_INCORRECT: DeclineReason
DECLINE_REASON_LOST_CARD: DeclineReason
DECLINE_REASON_STOLEN_CARD: DeclineReason
DECLINE_REASON_FRAUD_SUSPECTED: DeclineReason
DECLINE_REASON_DO_NOT_HONOR: DeclineReason
DECLINE_REASON_GENERIC_DECLINE: DeclineReason
DECLINE_REASON_AUTHENTICATION_FAILED: DeclineReason
DECLINE_REASON_AUTHENTICATION_REQUIRED: DeclineReason
DECLINE_REASON_LIMIT_EXCEEDED: DeclineReason
DECLINE_REASON_NOT_PERMITTED: DeclineReason
DECLINE_REASON_AMOUNT_INVALID: DeclineReason
DECLINE_REASON_CURRENCY_NOT_SUPPORTED: DeclineReason
DECLINE_REASON_PAYER_CANCELED: DeclineReason
DECLINE_REASON_PAYER_TIMEOUT: DeclineReason
DECLINE_REASON_PROVIDER_UNAVAILABLE: DeclineReason
DECLINE_REASON_NOT_PROCESSED: DeclineReason
DECLINE_REASON_PROVIDER_CONFIGURATION: DeclineReason
DECLINE_REASON_REFUND_NOT_POSSIBLE: DeclineReason
DECLINE_REASON_BALANCE_INSUFFICIENT: DeclineReason
DECLINE_REASON_DUPLICATE: DeclineReason
DECLINE_REASON_OTHER: DeclineReason
DECLINE_REASON_PIN_INCORRECT: DeclineReason
DECLINE_REASON_CARD_NOT_SUPPORTED: DeclineReason
DECLINE_REASON_ACCOUNT_RESTRICTED: DeclineReason
DECLINE_REASON_ISSUER_UNAVAILABLE: DeclineReason
DECLINE_REASON_AUTHORIZATION_EXPIRED: DeclineReason
DECLINE_REASON_CAPTURE_NOT_POSSIBLE: DeclineReason
DECLINE_REASON_CANCEL_NOT_POSSIBLE: DeclineReason
RETRY_ADVICE_UNSPECIFIED: RetryAdvice
RETRY_ADVICE_NEVER: RetryAdvice
RETRY_ADVICE_LATER: RetryAdvice
RETRY_ADVICE_OTHER_METHOD: RetryAdvice
RETRY_ADVICE_WITH_AUTHENTICATION: RetryAdvice
RETRY_ADVICE_CORRECTED_DATA: RetryAdvice
RETRY_ADVICE_AFTER_OPERATOR: RetryAdvice

class Failure(_message.Message):
    __slots__ = ("reason", "provider_code", "provider_message", "network_advice", "retry", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_CODE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    NETWORK_ADVICE_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: DeclineReason
    provider_code: str
    provider_message: str
    network_advice: str
    retry: RetryAdvice
    message: str
    def __init__(self, reason: _Optional[_Union[DeclineReason, str]] = ..., provider_code: _Optional[str] = ..., provider_message: _Optional[str] = ..., network_advice: _Optional[str] = ..., retry: _Optional[_Union[RetryAdvice, str]] = ..., message: _Optional[str] = ...) -> None: ...
