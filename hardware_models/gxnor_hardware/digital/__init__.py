"""Digital accelerators and processors."""
