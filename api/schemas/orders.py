"""Orders as they are read."""

from __future__ import annotations

from api.schemas.base import AnswerSchema
from api.schemas.fields import day, instant, iso_currency, many, money, text
from policy_service.domain.documents import InvoiceStatus, InvoiceType
from policy_service.domain.order_states import OrderState
from policy_service.domain.outcomes import Outcome

_STATES = [state.value for state in OrderState]


class ConfirmationSchema(AnswerSchema):
    """A confirmed order."""

    order_id = text("Order", "订单编号")
    customer_id = text("Customer", "客户编号")
    decision_id = text("Decision", "决定编号")
    status = text("Status", "状态")
    credit_amount = money("Credit that is now in open orders", "转入未交订单的赊销额")
    currency = iso_currency()
    confirmed_at = instant("When it was confirmed", "确认时间", null=True)


class DeliveryOfOrderSchema(AnswerSchema):
    """A delivery, and what it moved; in the order's currency."""

    delivery_id = text("Delivery", "交货编号")
    amount = money("What was delivered", "交货金额")
    currency = iso_currency()
    from_open_orders = money("From open orders to open deliveries", "由未交订单转入已交未开票")
    covered = money("Beyond open orders, covered by its payments or invoices", "超出部分，已由付款或发票覆盖")
    added = money("Beyond open orders, added to open deliveries", "超出部分，计入已交未开票")
    delivered_at = instant("When it was reported", "报告时间")


class DeliveryAnswerSchema(DeliveryOfOrderSchema):
    """The answer to a delivery; the same whenever it is reported again."""

    order_id = text("Order", "订单编号")
    customer_id = text("Customer", "客户编号")
    status = text("Status of the order after it", "交货后的订单状态", enum=_STATES)


class EndedOrderSchema(AnswerSchema):
    """An order that was closed or cancelled, and what it still holds; in its currency."""

    order_id = text("Order", "订单编号")
    customer_id = text("Customer", "客户编号")
    status = text("Status", "状态", enum=_STATES)
    reserved = money("Approved, not yet confirmed", "已批未确认")
    open_orders = money("Confirmed, not yet delivered", "已确认未交货")
    open_deliveries = money("Delivered, not yet invoiced", "已交货未开票")
    currency = iso_currency()


class DecisionOfOrderSchema(AnswerSchema):
    """A decision on the order."""

    decision_id = text("Decision", "决定编号")
    outcome = text("Outcome", "结论", enum=[outcome.value for outcome in Outcome])
    amount = money("Amount of the order", "订单金额")
    currency = iso_currency()
    decided_at = instant("When it was decided", "决定时间")


class InvoiceOfOrderSchema(AnswerSchema):
    """An invoice or credit note under the order, and what it took from the order's buckets."""

    invoice_id = text("Invoice", "发票编号")
    type = text("Type", "类型", enum=[kind.value for kind in InvoiceType])
    status = text("Status", "状态", enum=[status.value for status in InvoiceStatus])
    amount = money("Amount", "金额")
    currency = iso_currency()
    taken_from_deliveries = money("Taken from open deliveries", "取自已交未开票")
    taken_from_orders = money("Taken from open orders", "取自未交订单")
    invoice_date = day("Date of the invoice", "发票日期")


class MovementSchema(AnswerSchema):
    """Credit that moved from one bucket to another; null is outside."""

    from_bucket = text("From", "自", null=True)
    to_bucket = text("To", "至", null=True)
    amount = money("Amount", "金额")
    currency = iso_currency()
    cause = text("What moved it", "起因")
    cause_id = text("Decision, delivery, document or order that did", "起因的决定、交货、单据或订单编号")
    business_on = day("Business day on which it counts", "计入的业务日")
    recorded_at = instant("When it was written", "写入时间")


class OrderSchema(AnswerSchema):
    """An order with all that is known of it; amounts in its currency, lists from the oldest on."""

    order_id = text("Order", "订单编号")
    customer_id = text("Customer", "客户编号")
    source = text("Checked here, or placed elsewhere", "在此检查，或别处下单", enum=["check", "history"])
    status = text("Status", "状态", enum=_STATES)
    amount = money("Amount of the order", "订单金额")
    currency = iso_currency()
    order_date = day("Day of the order", "订单日期")
    requested_ship_date = day("Day on which the goods are wanted", "要求发货日", null=True)
    reserved = money("Approved, not yet confirmed", "已批未确认")
    reserved_until = instant("Until when it is reserved", "预留至", null=True)
    open_orders = money("Confirmed, not yet delivered", "已确认未交货")
    open_deliveries = money("Delivered, not yet invoiced", "已交货未开票")
    pending_decision_id = text("Decision that waits for its confirmation", "待确认的决定", null=True)
    confirmed_decision_id = text("Decision that was confirmed last", "最近确认的决定", null=True)
    confirmed_at = instant("When it was confirmed last", "最近确认时间", null=True)
    updated_at = instant("Last changed", "最近更改")
    decisions = many(DecisionOfOrderSchema, "Decisions", "决定")
    deliveries = many(DeliveryOfOrderSchema, "Deliveries", "交货")
    invoices = many(InvoiceOfOrderSchema, "Invoices and credit notes", "发票与贷项通知单")
    movements = many(MovementSchema, "How the amounts came about", "金额变动")
