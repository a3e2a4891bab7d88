"""Errors are conditions that a caller can name.

Each class says what happened (its docstring is the message), carries a stable `code`, and belongs to a kind
(not found, conflict, forbidden, invalid) that the edge of the service turns into a status of its protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in a document that came in: RFC 6901 pointer to the field, and what is wrong with it."""

    pointer: str
    message: str


class CreditPolicyError(Exception):
    """The credit policy service could not do what was asked."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])

    @property
    def message(self) -> str:
        """What happened, in a sentence."""
        return str(self.args[0])


class NotFound(CreditPolicyError):
    """There is nothing under that name."""

    code = "not_found"


class Conflict(CreditPolicyError):
    """The thing is not in a state in which this can be done."""

    code = "conflict"


class Forbidden(CreditPolicyError):
    """Not allowed."""

    code = "forbidden"


class Invalid(CreditPolicyError):
    """The request does not make sense."""

    code = "validation_error"

    def __init__(self, message: str | None = None, *errors: FieldError) -> None:
        super().__init__(message)
        self.errors = errors

    @classmethod
    def field(cls, pointer: str, message: str) -> Invalid:
        """One field is wrong: the message of the error is the message of the field."""
        return cls(message, FieldError(pointer, message))


class CustomerNotFound(NotFound):
    """No credit account has this customer id."""

    code = "customer_not_found"


class DecisionNotFound(NotFound):
    """No decision has this id."""

    code = "decision_not_found"


class OrderNotFound(NotFound):
    """No order has this id."""

    code = "order_not_found"


class PolicyVersionNotFound(NotFound):
    """No policy version has this number."""

    code = "policy_version_not_found"


class PolicyWrongState(Conflict):
    """The policy version is not in a state in which this can be done."""

    code = "policy_wrong_state"


class PolicyChangedMeanwhile(Conflict):
    """Somebody else published or retired a version meanwhile; look at it, then try again."""

    code = "policy_changed_meanwhile"


class MakerCannotApprove(Forbidden):
    """Who wrote in a policy version cannot approve it."""

    code = "maker_cannot_approve"


class ApprovalVoid(Conflict):
    """The content of the policy version is not what was submitted and approved; nothing of it counts."""

    code = "approval_void"


class PolicyInForce(Conflict):
    """The policy version is in force; publish another one, which takes its place."""

    code = "policy_in_force"


class NoActivePolicy(Conflict):
    """No policy is in force; publish one first."""

    code = "no_active_policy"


class UnknownCurrency(Invalid):
    """Not an ISO 4217 currency code."""

    code = "unknown_currency"


class NoExchangeRate(Invalid):
    """No exchange rate is known for this currency on or before the day."""

    code = "no_exchange_rate"


class CurrencyInUse(Conflict):
    """The currency of a credit account cannot change while there is exposure."""

    code = "currency_in_use"


class ParentCycle(Invalid):
    """A customer cannot be its own parent, directly or further up."""

    code = "parent_cycle"


class ReservationExpired(Conflict):
    """The reservation of this decision has expired; check the order again."""

    code = "reservation_expired"


class DecisionSuperseded(Conflict):
    """A later check of this order has replaced this decision."""

    code = "decision_superseded"


class DecisionNotApproved(Conflict):
    """Only an approved order can be confirmed."""

    code = "decision_not_approved"


class OrderWrongState(Conflict):
    """The order is not in a state in which this can be done."""

    code = "order_wrong_state"


class DeliveryDiffers(Conflict):
    """This delivery was reported before, with another amount."""

    code = "delivery_differs"


class OrderBelongsToAnotherCustomer(Conflict):
    """This order id is already used by another customer."""

    code = "order_of_another_customer"


class Unauthenticated(CreditPolicyError):
    """The API key is missing, unknown, expired or revoked."""

    code = "unauthenticated"


class KeyNotFound(NotFound):
    """No API key has this name."""

    code = "key_not_found"


class KeyExists(Conflict):
    """An API key of this name exists already."""

    code = "key_exists"


class UserNotFound(NotFound):
    """No user has this name."""

    code = "user_not_found"


class UserExists(Conflict):
    """A user of this name exists already."""

    code = "user_exists"


class NotAnAdmin(Forbidden):
    """Only an admin may do this."""

    code = "not_an_admin"


class RoleMayNot(Forbidden):
    """Your role may not do this."""

    code = "role_may_not"


class PersonNeeded(Forbidden):
    """This needs a person: an API key without an owner cannot do it."""

    code = "person_needed"


class AnotherPersonNeeded(Forbidden):
    """This needs another person than the one who did it."""

    code = "another_person_needed"


class NotFrozen(Conflict):
    """Orders are not frozen."""

    code = "not_frozen"


class NotStopped(Conflict):
    """The customer is under no emergency stop."""

    code = "not_stopped"


class InvoiceNotFound(NotFound):
    """No invoice has this id."""

    code = "invoice_not_found"


class PaymentNotFound(NotFound):
    """No payment has this id."""

    code = "payment_not_found"


class BelongsToAnotherCustomer(Conflict):
    """This id is already used by a document of another customer."""

    code = "document_of_another_customer"


class OrderIsLive(Conflict):
    """This order was checked here; its history cannot be written from outside."""

    code = "order_is_live"


class HoldNotFound(NotFound):
    """No order is or was held under this decision."""

    code = "hold_not_found"


class HoldNotOpen(Conflict):
    """The hold is no longer open."""

    code = "hold_not_open"


class OrdersStopped(Conflict):
    """An emergency brake is in force: nothing is released until it is let go."""

    code = "orders_stopped"


class HoldNowRejected(Conflict):
    """By now the policy rejects this order; nobody releases that. Check the order again to see why."""

    code = "hold_now_rejected"


class CannotBeDecided(Conflict):
    """The facts cannot be gathered now, so nothing can be released."""

    code = "cannot_be_decided"


class HighestAuthorityAsked(Conflict):
    """The hold asks for the highest authority already."""

    code = "highest_authority_asked"


class SecondPersonNeeded(Forbidden):
    """Of two persons who release, neither acts for the other: this takes another one."""

    code = "second_person_needed"


class DelegationNotFound(NotFound):
    """No delegation has this number."""

    code = "delegation_not_found"


class WebhookNotFound(NotFound):
    """No webhook has this number."""

    code = "webhook_not_found"
