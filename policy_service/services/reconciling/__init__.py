"""The proof that what is kept is what the movements and the documents say."""

from policy_service.services.reconciling.result import BucketDifference, Reconciliation, SumDifference
from policy_service.services.reconciling.run import reconcile

__all__ = ["BucketDifference", "Reconciliation", "SumDifference", "reconcile"]
