"""The HTTP interface: one blueprint per resource."""
