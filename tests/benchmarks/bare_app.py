"""What `/check-order` is measured against: a Flask endpoint around one durable transaction of three statements."""

from __future__ import annotations

import os
import uuid
from decimal import Decimal

from flask import Flask, Response, jsonify, request
from sqlalchemy import create_engine, text

app = Flask(__name__)
engine = create_engine(os.environ["DATABASE_URL"])

_LOCK = text("SELECT balance FROM bare_accounts WHERE id = :id FOR UPDATE")
_APPEND = text("INSERT INTO bare_entries (id, account_id, amount) VALUES (:entry, :id, :amount)")
_MOVE = text("UPDATE bare_accounts SET balance = balance + :amount WHERE id = :id")


@app.post("/order")
def order() -> Response:
    """Lock an account, append an entry, move the balance, commit."""
    document = request.get_json()
    amount, name = Decimal(document["amount"]), document["customer_id"]
    with engine.begin() as connection:
        balance = connection.execute(_LOCK, {"id": name}).scalar_one()
        connection.execute(_APPEND, {"entry": str(uuid.uuid4()), "id": name, "amount": amount})
        connection.execute(_MOVE, {"id": name, "amount": amount})
    return jsonify({"balance": str(balance + amount)})
