"""Text from files and users, made safe to print."""

__all__ = ["visible"]


def visible(text: str) -> str:
    """`text` with characters that drive a terminal made visible; line breaks stay."""
    return "".join(c if c.isprintable() or c in "\n\u00a0" else c.encode("unicode_escape").decode() for c in text)
