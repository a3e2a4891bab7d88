"""Tables, one file per aggregate."""

from policy_service.db.models.access import Alert, ApiKey, AuditEvent, IdempotencyRecord, User
from policy_service.db.models.base import Base
from policy_service.db.models.brakes import Brake
from policy_service.db.models.customers import Customer
from policy_service.db.models.decisions import Decision
from policy_service.db.models.events import Event, EventArrival, Webhook
from policy_service.db.models.holds import Delegation, Hold, ReleaseAuthority, ReleaseSettings
from policy_service.db.models.market import FieldReport, FxRate
from policy_service.db.models.orders import Delivery, Movement, Order
from policy_service.db.models.policies import PolicyVersion
from policy_service.db.models.receivables import Application, Invoice, Payment

__all__ = [
    "Alert",
    "ApiKey",
    "Application",
    "AuditEvent",
    "Base",
    "Brake",
    "Customer",
    "Decision",
    "Delegation",
    "Delivery",
    "Event",
    "EventArrival",
    "FieldReport",
    "FxRate",
    "Hold",
    "IdempotencyRecord",
    "Invoice",
    "Movement",
    "Order",
    "Payment",
    "PolicyVersion",
    "ReleaseAuthority",
    "ReleaseSettings",
    "User",
    "Webhook",
]
