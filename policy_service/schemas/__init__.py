"""Documents that come in, checked for shape: the same over HTTP and from files."""

from policy_service.schemas.base import DocumentSchema, read, write
from policy_service.schemas.checks import ORDER_CHECK, QUOTE_CHECK
from policy_service.schemas.customers import CUSTOMER
from policy_service.schemas.faults import DocumentRefused, Fault, refusal
from policy_service.schemas.market import FIELD_REPORT, FX_RATE, ORDER_HISTORY, RateDocument
from policy_service.schemas.receivables import INVOICE, PAYMENT

__all__ = [
    "CUSTOMER",
    "FIELD_REPORT",
    "FX_RATE",
    "INVOICE",
    "ORDER_CHECK",
    "ORDER_HISTORY",
    "PAYMENT",
    "QUOTE_CHECK",
    "DocumentRefused",
    "DocumentSchema",
    "Fault",
    "RateDocument",
    "read",
    "refusal",
    "write",
]
