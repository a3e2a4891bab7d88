"""Small policies for the tests."""

from __future__ import annotations

LIMIT_ONLY = """
schema: 1
name: limit only
currency: CNY
rules:
  - code: EXPOSURE_CAP
    title: {en: Over the limit, zh: 超出额度}
    when: {all: [{fact: exposure.after, op: gt, value: {fact: customer.credit_limit}, if_missing: true}]}
    then: [{effect: hold}]
"""

ADVANCE = """
schema: 1
name: half in advance
currency: CNY
settings: {require_verified_prepayment: never, reservation_ttl_minutes: 60}
rules:
  - code: HALF_IN_ADVANCE
    title: {en: Half in advance, zh: 预付一半}
    when: {all: [{fact: customer.paid_invoice_count, op: lt, value: 3}]}
    then: [{effect: require_prepayment, percent: 50}]
"""
