"""Facts of the catalogue, gathered from PostgreSQL as of a day."""

from policy_service.services.facts.gather import Known, Question, credit_amount, gather, instant_of

__all__ = ["Known", "Question", "credit_amount", "gather", "instant_of"]
