"""Memristor crossbars."""
