"""Event-driven chips."""
