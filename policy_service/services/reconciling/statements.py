"""The SQL behind the proof. Each statement sees one instant of the accounts `:customers`, whatever goes on meanwhile.

A movement belongs to the document that caused it; one of cause `reconcile` corrects a document, which its `cause_id`
names as `<cause> <cause_id>`. So a document is held to the sum of its own movements, with corrections among them.
"""

from __future__ import annotations

from sqlalchemy import text

_MOVED = """
moved AS MATERIALIZED (
    SELECT m.id, m.order_id, m.customer_id, m.currency, m.cause = 'reconcile' AS corrects,
           CASE m.cause WHEN 'reconcile' THEN split_part(m.cause_id, ' ', 1) ELSE m.cause END AS cause,
           CASE m.cause WHEN 'reconcile' THEN substr(m.cause_id, strpos(m.cause_id, ' ') + 1) ELSE m.cause_id END
               AS cause_id,
           CASE 'reserved' WHEN m.to_bucket THEN m.amount WHEN m.from_bucket THEN -m.amount ELSE 0 END AS reserved,
           CASE 'open_orders' WHEN m.to_bucket THEN m.amount WHEN m.from_bucket THEN -m.amount ELSE 0 END
               AS open_orders,
           CASE 'open_deliveries' WHEN m.to_bucket THEN m.amount WHEN m.from_bucket THEN -m.amount ELSE 0 END
               AS open_deliveries
    FROM movements m WHERE m.customer_id = ANY(:customers)
),
sums AS (
    SELECT order_id, customer_id, currency, count(*) AS movements, sum(reserved) AS reserved,
           sum(open_orders) AS open_orders, sum(open_deliveries) AS open_deliveries
    FROM moved GROUP BY order_id, customer_id, currency
),
kept AS (
    SELECT id AS order_id, customer_id, currency, status, reserved, open_orders, open_deliveries,
           CASE WHEN reserved_until IS NOT NULL THEN pending_decision_id END AS pending_decision_id,
           confirmed_decision_id
    FROM orders WHERE customer_id = ANY(:customers)
)
"""

# What a document says, less what moved for it: 0 where they agree.
_PAPERS = """
papers AS (
    SELECT order_id, customer_id, currency, cause, cause_id,
           -sum(open_orders) AS open_orders, -sum(open_deliveries) AS open_deliveries
    FROM (
        SELECT order_id, customer_id, currency, 'invoice' AS cause, id AS cause_id,
               taken_from_orders AS open_orders, taken_from_deliveries AS open_deliveries
        FROM invoices
        WHERE customer_id = ANY(:customers) AND order_id IS NOT NULL
          AND (taken_from_orders > 0 OR taken_from_deliveries > 0)
        UNION ALL
        SELECT d.order_id, o.customer_id, d.currency, 'delivery', d.delivery_id,
               d.from_open_orders, -(d.from_open_orders + d.added)
        FROM deliveries d JOIN orders o ON o.id = d.order_id WHERE o.customer_id = ANY(:customers)
        UNION ALL
        SELECT order_id, customer_id, currency, cause, cause_id, open_orders, open_deliveries
        FROM moved WHERE cause IN ('invoice', 'delivery')
    ) both_sides
    GROUP BY order_id, customer_id, currency, cause, cause_id
    HAVING sum(open_orders) <> 0 OR sum(open_deliveries) <> 0
)
"""

# Records are canonical JSON, where this stands once and never inside a text; reading them as JSON takes several times
# as long. OFFSET 0 keeps it to the decisions that are asked for: there are many more.
_RESERVES = """
SELECT split_part(reservation, '"', 1)::numeric AS reserves
FROM (
    SELECT split_part(record, '"reservation":{{"amount":"', 2) AS reservation
    FROM decisions WHERE id = d.{decision} OFFSET 0
) r
WHERE split_part(reservation, '"', 5) = d.currency
"""

# What the newest decisions reserve, and whether what was confirmed is what was reserved. A record tells its
# reservation in the currency of the account; an order in another currency is held to the movement of its check.
_DECIDED = f"""
of_decisions AS (
    SELECT k.order_id, k.customer_id, k.currency, k.pending_decision_id, k.confirmed_decision_id,
           coalesce(sum(m.reserved) FILTER (WHERE m.cause_id = k.pending_decision_id AND m.reserved > 0), 0)
               AS pending,
           coalesce(sum(m.reserved) FILTER (WHERE m.cause_id = k.confirmed_decision_id AND m.reserved > 0), 0)
               AS reserved_before,
           coalesce(sum(m.open_orders) FILTER (WHERE m.cause = 'confirm' AND m.cause_id = k.confirmed_decision_id
                                                 AND (m.reserved < 0 OR m.corrects)), 0) AS confirmed
    FROM kept k LEFT JOIN moved m
        ON m.order_id = k.order_id AND m.customer_id = k.customer_id AND m.currency = k.currency
       AND m.cause IN ('check', 'confirm')
    WHERE k.pending_decision_id IS NOT NULL OR k.confirmed_decision_id IS NOT NULL
    GROUP BY k.order_id, k.customer_id, k.currency, k.pending_decision_id, k.confirmed_decision_id
),
decided AS (
    SELECT d.*, coalesce(of_pending.reserves, d.pending) AS pending_reserves,
           coalesce(of_confirmed.reserves, d.reserved_before) AS confirmed_reserves
    FROM of_decisions d
    LEFT JOIN LATERAL ({_RESERVES.format(decision="pending_decision_id")}) of_pending ON true
    LEFT JOIN LATERAL ({_RESERVES.format(decision="confirmed_decision_id")}) of_confirmed ON true
)
"""

ORDERS = text(f"""
WITH {_MOVED}, {_PAPERS}, {_DECIDED},
gaps AS (
    SELECT * FROM papers
    UNION ALL
    SELECT order_id, customer_id, currency, 'confirm', confirmed_decision_id, confirmed_reserves - confirmed, 0
    FROM decided WHERE confirmed_reserves <> confirmed
),
gap_sums AS (
    SELECT order_id, customer_id, currency, sum(open_orders) AS open_orders, sum(open_deliveries) AS open_deliveries,
           json_agg(json_build_object('cause', cause, 'cause_id', cause_id, 'open_orders', open_orders::text,
                                      'open_deliveries', open_deliveries::text)) AS gaps
    FROM gaps GROUP BY order_id, customer_id, currency
),
compared AS (
    SELECT order_id, customer_id, currency, k.order_id IS NOT NULL AS is_kept, k.pending_decision_id,
           coalesce(k.reserved, 0) AS kept_reserved, coalesce(k.open_orders, 0) AS kept_open_orders,
           coalesce(k.open_deliveries, 0) AS kept_open_deliveries,
           coalesce(s.reserved, 0) AS moved_reserved, coalesce(s.open_orders, 0) AS moved_open_orders,
           coalesce(s.open_deliveries, 0) AS moved_open_deliveries,
           CASE WHEN k.order_id IS NULL THEN 0 ELSE coalesce(d.pending_reserves, 0) END AS told_reserved,
           CASE WHEN k.order_id IS NULL THEN 0
                WHEN k.status NOT IN ('confirmed', 'delivered') THEN 0
                ELSE coalesce(s.open_orders, 0) + coalesce(g.open_orders, 0) END AS told_open_orders,
           CASE WHEN k.order_id IS NULL THEN 0
                ELSE coalesce(s.open_deliveries, 0) + coalesce(g.open_deliveries, 0) END AS told_open_deliveries,
           g.gaps
    FROM kept k
    FULL JOIN sums s USING (order_id, customer_id, currency)
    LEFT JOIN gap_sums g USING (order_id, customer_id, currency)
    LEFT JOIN decided d USING (order_id, customer_id, currency)
)
SELECT (SELECT count(*) FROM kept) AS orders, (SELECT coalesce(sum(movements), 0)::bigint FROM sums) AS movements,
       (SELECT json_agg(c) FROM (
            SELECT order_id, customer_id, currency, is_kept, pending_decision_id, gaps,
                   EXISTS (SELECT FROM orders o WHERE o.id = order_id) AS is_known,
                   kept_reserved::text, kept_open_orders::text, kept_open_deliveries::text,
                   moved_reserved::text, moved_open_orders::text, moved_open_deliveries::text,
                   told_reserved::text, told_open_orders::text, told_open_deliveries::text
            FROM compared
            WHERE (kept_reserved, kept_open_orders, kept_open_deliveries)
                  IS DISTINCT FROM (moved_reserved, moved_open_orders, moved_open_deliveries)
               OR (kept_reserved, kept_open_orders, kept_open_deliveries)
                  IS DISTINCT FROM (told_reserved, told_open_orders, told_open_deliveries)
            ORDER BY customer_id, order_id, currency
       ) c) AS differing
""")
"""How many orders and movements there are, and the orders of which row, movements and documents do not agree."""

_EFFECTS = """
sources AS (
    SELECT 'payment' AS source, id, customer_id, received_on AS dated, returned_on AS undone
    FROM payments WHERE customer_id = ANY(:customers)
    UNION ALL
    SELECT 'credit_note', id, customer_id, invoice_date, CASE WHEN status = 'void' THEN voided_on END
    FROM invoices WHERE customer_id = ANY(:customers) AND type = 'credit_note'
),
effects AS MATERIALIZED (
    SELECT a.id, a.customer_id, a.invoice_id, a.source, a.source_id, a.amount, a.effective_from, a.effective_until,
           s.id IS NULL AS is_orphan,
           CASE WHEN s.id IS NULL THEN a.effective_from ELSE greatest(i.invoice_date, s.dated) END AS starts,
           CASE WHEN s.id IS NULL THEN a.effective_until
                ELSE least(CASE WHEN i.status = 'void' THEN i.voided_on END, s.undone) END AS ends
    FROM applications a
    JOIN invoices i ON i.id = a.invoice_id
    LEFT JOIN sources s ON s.source = a.source AND s.id = a.source_id
    WHERE a.customer_id = ANY(:customers)
),
running AS (
    SELECT *, ends IS NULL AS counts,
           sum(amount) FILTER (WHERE ends IS NULL) OVER (PARTITION BY invoice_id ORDER BY starts, id) AS total
    FROM effects
),
of_invoices AS (
    SELECT i.id, coalesce(sum(r.amount) FILTER (WHERE r.counts), 0) AS applied,
           min(r.starts) FILTER (WHERE r.counts AND r.total >= i.amount) AS settled_on,
           coalesce(bool_or(r.source = 'payment') FILTER (WHERE r.counts), false) AS settled_by_payment,
           greatest(i.invoice_date, max(greatest(r.starts, r.ends))) AS state_from
    FROM invoices i LEFT JOIN running r ON r.invoice_id = i.id
    WHERE i.customer_id = ANY(:customers) AND i.type = 'invoice' GROUP BY i.id
),
of_sources AS (
    SELECT s.source, s.id, s.customer_id, coalesce(sum(e.amount) FILTER (WHERE e.ends IS NULL), 0) AS applied,
           greatest(s.dated, max(greatest(e.starts, e.ends))) AS state_from
    FROM sources s LEFT JOIN effects e ON e.source = s.source AND e.source_id = s.id
    GROUP BY s.source, s.id, s.customer_id, s.dated
),
compared AS (
    SELECT 'invoice' AS kind, i.id, i.customer_id, c.*
    FROM invoices i JOIN of_invoices n USING (id) CROSS JOIN LATERAL (VALUES
        ('applied', trim_scale(i.applied)::text, trim_scale(n.applied)::text),
        ('settled_on', i.settled_on::text, n.settled_on::text),
        ('settled_by_payment', i.settled_by_payment::text, n.settled_by_payment::text),
        ('state_from', i.state_from::text, n.state_from::text)) c(name, kept, found)
    WHERE (i.applied, i.settled_on, i.settled_by_payment, i.state_from)
          IS DISTINCT FROM (n.applied, n.settled_on, n.settled_by_payment, n.state_from)
    UNION ALL
    SELECT 'credit_note', i.id, i.customer_id, c.*
    FROM invoices i JOIN of_sources n ON n.source = 'credit_note' AND n.id = i.id CROSS JOIN LATERAL (VALUES
        ('applied', trim_scale(i.applied)::text, trim_scale(n.applied)::text),
        ('state_from', i.state_from::text, n.state_from::text)) c(name, kept, found)
    WHERE (i.applied, i.state_from) IS DISTINCT FROM (n.applied, n.state_from)
    UNION ALL
    SELECT 'payment', p.id, p.customer_id, c.*
    FROM payments p JOIN of_sources n ON n.source = 'payment' AND n.id = p.id CROSS JOIN LATERAL (VALUES
        ('applied', trim_scale(p.applied)::text, trim_scale(n.applied)::text),
        ('state_from', p.state_from::text, n.state_from::text)) c(name, kept, found)
    WHERE (p.applied, p.state_from) IS DISTINCT FROM (n.applied, n.state_from)
    UNION ALL
    SELECT 'application', e.source_id || ' to ' || e.invoice_id, e.customer_id, c.*
    FROM effects e CROSS JOIN LATERAL (VALUES
        ('effective_from', e.effective_from::text, e.starts::text),
        ('effective_until', e.effective_until::text, e.ends::text)) c(name, kept, found)
    WHERE (e.effective_from, e.effective_until) IS DISTINCT FROM (e.starts, e.ends)
)
"""

RECEIVABLES = text(f"""
WITH {_EFFECTS}
SELECT (SELECT count(*) FROM of_invoices) + (SELECT count(*) FROM of_sources) AS documents,
       (SELECT json_agg(c) FROM (
            SELECT * FROM compared WHERE kept IS DISTINCT FROM found
            UNION ALL
            SELECT 'application', source_id || ' to ' || invoice_id, customer_id, 'source_id', source_id, NULL
            FROM effects WHERE is_orphan
            ORDER BY 3, 1, 2, 4
       ) c) AS differing
""")
"""How many invoices, credit notes and payments there are, and each kept column that the applications contradict."""

# A ring of parents hangs from no root, so nobody in it is reached.
GROUPS = text("""
WITH RECURSIVE tree(id, topmost) AS (
    SELECT id, id FROM customers WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, t.topmost FROM tree t JOIN customers c ON c.parent_id = t.id
),
sizes AS (SELECT topmost, count(*) AS members FROM tree GROUP BY topmost)
SELECT c.id, c.group_id AS kept, CASE WHEN s.members > 1 THEN t.topmost END AS found, t.id IS NULL AS is_in_ring,
       c.parent_id
FROM customers c LEFT JOIN tree t ON t.id = c.id LEFT JOIN sizes s ON s.topmost = t.topmost
WHERE t.id IS NULL OR c.group_id IS DISTINCT FROM CASE WHEN s.members > 1 THEN t.topmost END
ORDER BY c.id
""")
"""Customers whose `group_id` is not the topmost parent of their tree, and those whose parents form a ring."""
