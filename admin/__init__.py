"""The admin panel: one file per screen."""

from admin.panel import install

__all__ = ["install"]
