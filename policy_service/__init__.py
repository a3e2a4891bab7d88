"""Credit policy service: policies as declarative rules, checked on every quote and order."""

__version__ = "0.1.0"
