"""The SQL behind the facts. Business dates decide what counts on `:day`; sums come per document currency.

What is owed on a day follows from the documents alone. Each keeps its sum of applications for every day from
`state_from` on; for an earlier day the applications in effect are added up, so one statement answers for today and
for last March. Order buckets are the present ones, rolled back by the movements that came after the day.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

FAR_FUTURE = date(9999, 12, 31)
"""A day on which every document counts."""

_IN_EFFECT = "a.effective_from <= :day AND (a.effective_until IS NULL OR a.effective_until > :day)"

_DATED = """customer_id = ANY(:customers) AND invoice_date <= :day
      AND (status = 'posted' OR voided_on > :day)"""

# Nearly every invoice has its kept sum; the second branch looks only at those that changed after the day.
_DOCUMENTS = f"""
invoice_states AS (
    SELECT id, currency, amount, invoice_date, due_date, settled_on, settled_by_payment,
           disputed AND coalesce(disputed_on, invoice_date) <= :day AS disputed,
           greatest(amount - applied, 0) AS open, greatest(applied - amount, 0) AS overpaid,
           due_date < :day AND amount > applied AS overdue
    FROM (
        SELECT id, currency, amount, invoice_date, due_date, disputed, disputed_on, applied, settled_on,
               settled_by_payment
        FROM invoices WHERE {_DATED} AND type = 'invoice' AND state_from <= :day
        UNION ALL
        SELECT id, currency, amount, invoice_date, due_date, disputed, disputed_on, coalesce(past.applied, 0),
               past.settled_on, coalesce(past.settled_by_payment, false)
        FROM invoices d CROSS JOIN LATERAL (
            SELECT sum(running.amount) AS applied, bool_or(running.source = 'payment') AS settled_by_payment,
                   min(running.effective_from) FILTER (WHERE running.total >= d.amount) AS settled_on
            FROM (
                SELECT a.amount, a.source, a.effective_from,
                       sum(a.amount) OVER (ORDER BY a.effective_from, a.id) AS total
                FROM applications a WHERE a.invoice_id = d.id AND {_IN_EFFECT}
            ) running
        ) past
        WHERE {_DATED} AND type = 'invoice' AND state_from > :day
    ) states
),
credit_notes AS (
    SELECT currency, sum(amount) FILTER (WHERE invoice_date >= :day - 365) AS recent,
           sum(amount - CASE WHEN state_from <= :day THEN applied ELSE (
               SELECT coalesce(sum(a.amount), 0) FROM applications a
               WHERE a.source = 'credit_note' AND a.source_id = d.id AND {_IN_EFFECT}) END) AS rest
    FROM invoices d WHERE {_DATED} AND type = 'credit_note' GROUP BY currency
),
payment_rests AS (
    SELECT currency, order_id, sum(rest) AS rest FROM (
        SELECT currency, order_id, amount - applied AS rest FROM payments
        WHERE customer_id = ANY(:customers) AND amount <> applied AND state_from <= :day
          AND received_on <= :day AND (returned_on IS NULL OR returned_on > :day)
        UNION ALL
        SELECT currency, order_id, amount - (
            SELECT coalesce(sum(a.amount), 0) FROM applications a
            WHERE a.source = 'payment' AND a.source_id = p.id AND {_IN_EFFECT})
        FROM payments p
        WHERE customer_id = ANY(:customers) AND state_from > :day
          AND received_on <= :day AND (returned_on IS NULL OR returned_on > :day)
    ) each GROUP BY currency, order_id
),
beyond_buckets AS (
    SELECT order_id, currency, greatest(sum(amount - taken_from_deliveries - taken_from_orders), 0) AS amount
    FROM invoices WHERE {_DATED} AND type = 'invoice' AND order_id IS NOT NULL GROUP BY order_id, currency
),
unapplied AS (
    SELECT r.currency, sum(r.rest) AS rest,
           sum(CASE WHEN r.order_id IS NULL THEN r.rest ELSE least(r.rest, coalesce(b.amount, 0)) END) AS nettable
    FROM payment_rests r LEFT JOIN beyond_buckets b ON b.order_id = r.order_id AND b.currency = r.currency
    GROUP BY r.currency
)
"""

_BUCKETS = """
bucket_amounts AS (
    SELECT id AS order_id, currency, requested_ship_date,
           CASE WHEN reserved_until > :instant THEN reserved ELSE 0 END AS reserved, open_orders, open_deliveries
    FROM orders
    WHERE customer_id = ANY(:customers) AND (reserved > 0 OR open_orders > 0 OR open_deliveries > 0)
    UNION ALL
    SELECT m.order_id, m.currency, o.requested_ship_date,
           CASE 'reserved' WHEN m.from_bucket THEN m.amount WHEN m.to_bucket THEN -m.amount ELSE 0 END,
           CASE 'open_orders' WHEN m.from_bucket THEN m.amount WHEN m.to_bucket THEN -m.amount ELSE 0 END,
           CASE 'open_deliveries' WHEN m.from_bucket THEN m.amount WHEN m.to_bucket THEN -m.amount ELSE 0 END
    FROM movements m JOIN orders o ON o.id = m.order_id
    WHERE m.customer_id = ANY(:customers) AND m.business_on > :day
)
"""

_BUCKET_SUMS = """
SELECT json_agg(b) FROM (
    SELECT currency, order_id IS NOT DISTINCT FROM :own_order AS own,
           sum(reserved)::text AS reserved, sum(open_orders)::text AS open_orders,
           sum(open_deliveries)::text AS open_deliveries,
           (coalesce(sum(reserved + open_orders) FILTER (
               WHERE requested_ship_date IS NULL OR requested_ship_date <= :horizon), 0)
            + sum(open_deliveries))::text AS in_horizon
    FROM bucket_amounts GROUP BY 1, 2
) b
"""

_INVOICE_SUMS = "sums AS MATERIALIZED (SELECT currency, {columns} FROM invoice_states GROUP BY currency)"
_OPEN = "sum(open) AS open, sum(overpaid) AS overpaid"

_OPEN_ITEM_SUMS = """
SELECT json_agg(i) FROM (
    SELECT currency, sum(open)::text AS open, sum(rest)::text AS credit_rest, sum(nettable)::text AS nettable,
           sum(unapplied)::text AS unapplied
    FROM (
        SELECT currency, open, 0::numeric AS rest, overpaid AS nettable, overpaid AS unapplied FROM sums
        UNION ALL SELECT currency, 0, rest, 0, 0 FROM credit_notes
        UNION ALL SELECT currency, 0, 0, nettable, rest FROM unapplied
    ) parts GROUP BY currency
) i
"""

EXPOSURE = text(f"""
WITH {_DOCUMENTS}, {_BUCKETS}, {_INVOICE_SUMS.format(columns=_OPEN)}
SELECT ({_BUCKET_SUMS}) AS buckets, ({_OPEN_ITEM_SUMS}) AS open_items
""")
"""Buckets and open items of `:customers` together, per currency."""

_RECEIVABLES = f"""{_OPEN},
    coalesce(sum(open) FILTER (WHERE overdue), 0)::text AS overdue,
    coalesce(sum(open) FILTER (WHERE overdue AND NOT disputed), 0)::text AS undisputed_overdue,
    coalesce(sum(open) FILTER (WHERE disputed), 0)::text AS disputed,
    count(*) FILTER (WHERE overdue) AS overdue_count,
    :day - min(due_date) FILTER (WHERE overdue) AS oldest_overdue_days,
    :day - min(due_date) FILTER (WHERE overdue AND NOT disputed) AS oldest_undisputed_overdue_days,
    count(*) FILTER (WHERE settled_by_payment AND settled_on <= due_date AND invoice_date >= :day - 365)
        AS on_time,
    count(*) FILTER (WHERE invoice_date >= :day - 365
        AND (overdue OR settled_by_payment AND settled_on IS NOT NULL)) AS judged,
    coalesce(sum(amount * greatest(settled_on - due_date, 0))
        FILTER (WHERE settled_by_payment AND settled_on >= :day - 365), 0)::text AS amount_days_late,
    coalesce(sum(amount) FILTER (WHERE settled_by_payment AND settled_on >= :day - 365), 0)::text
        AS settled_amount,
    max(greatest(settled_on - due_date, 0)) FILTER (WHERE settled_by_payment AND settled_on >= :day - 365)
        AS worst_days_late,
    count(*) FILTER (WHERE settled_by_payment AND settled_on IS NOT NULL) AS paid_count,
    :day - min(invoice_date) AS first_invoice_days,
    coalesce(sum(amount) FILTER (WHERE invoice_date >= :day - 365), 0)::text AS sales
"""

_OWN_ORDER = """
SELECT json_build_object(
    'customer_id', customer_id, 'currency', currency, 'state', CASE WHEN source = 'check' THEN status END,
    'reserved', reserved::text, 'has_expired', coalesce(reserved_until <= :instant, false),
    'held', (open_orders + open_deliveries)::text)
FROM orders WHERE id = :own_order
"""

OWN_ORDER = text(_OWN_ORDER)
"""The order under check as it is found: what a check needs of it even where the facts cannot be gathered."""

FACTS = text(f"""
WITH {_DOCUMENTS}, {_BUCKETS}, {_INVOICE_SUMS.format(columns=_RECEIVABLES)}
SELECT
({_BUCKET_SUMS}) AS buckets,
({_OPEN_ITEM_SUMS}) AS open_items,
(SELECT json_agg(sums) FROM sums) AS receivables,
(SELECT json_agg(c) FROM (SELECT currency, coalesce(recent, 0)::text AS recent FROM credit_notes) c) AS credit_notes,
(SELECT count(*) FROM payments
    WHERE customer_id = ANY(:customers) AND returned_on BETWEEN :day - 365 AND :day) AS returned_payments,
(SELECT json_agg(v) FROM (
    SELECT currency, count(*) AS orders,
           count(*) FILTER (WHERE order_date > :day - 30) AS orders_30d,
           coalesce(sum(amount) FILTER (WHERE order_date > :day - 30), 0)::text AS amount_30d,
           coalesce(sum(amount) FILTER (WHERE order_date BETWEEN :day - 395 AND :day - 30), 0)::text AS amount_before,
           count(*) FILTER (WHERE order_date >= :day - 365) AS orders_year,
           coalesce(sum(amount) FILTER (WHERE order_date >= :day - 365), 0)::text AS amount_year,
           :day - max(order_date) AS days_since_last, :day - min(order_date) AS history_days
    FROM orders
    WHERE customer_id = ANY(:customers) AND order_date <= :day AND id IS DISTINCT FROM :own_order
      AND status IN ('confirmed', 'delivered', 'closed')
    GROUP BY currency
) v) AS volume,
(SELECT json_agg(s) FROM (
    SELECT category, count(*) AS reports, max(severity) AS worst, sum(severity) AS score
    FROM field_reports
    WHERE customer_id = ANY(:customers) AND observed_on <= :day AND (valid_until IS NULL OR valid_until >= :day)
    GROUP BY category
) s) AS signals,
(SELECT sum(amount) FROM payments
    WHERE order_id = :own_order AND customer_id = ANY(:customers) AND currency = :order_currency
      AND received_on <= :day AND (returned_on IS NULL OR returned_on > :day)) AS order_paid,
({_OWN_ORDER}) AS own_order,
(SELECT sum(amount) FROM invoices
    WHERE order_id = :own_order AND type = 'invoice' AND currency = :order_currency AND {_DATED}) AS order_invoiced
""")
"""Everything that is known of one customer on a day, for an order (or for none)."""

OPEN = text(f"""
WITH {_DOCUMENTS}
SELECT id, currency, amount, open, due_date, disputed FROM invoice_states WHERE open > 0 ORDER BY due_date, id
""")
"""The invoices of `:customers` that have something left to pay on a day."""

OVERDUE = text(f"""
WITH {_DOCUMENTS}
SELECT id, currency, amount, open, due_date, disputed FROM invoice_states WHERE overdue ORDER BY due_date, id
""")
"""The overdue invoices of `:customers` on a day."""
