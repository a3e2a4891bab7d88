"""Facts of the catalogue, gathered from PostgreSQL as of a day."""

from policy_service.services.facts.assemble import credit_amount
from policy_service.services.facts.gather import Known, gather, instant_of
from policy_service.services.facts.question import Question

__all__ = ["Known", "Question", "credit_amount", "gather", "instant_of"]
