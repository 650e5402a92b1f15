"""Graph files as earlier releases wrote them, with what they compute; `make` wrote those of the current version."""
