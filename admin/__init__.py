"""The admin panel: one file per screen."""
