"""Engines that run an event graph, all with the same result: `simulate` and `stream` are the ways in."""

from .engine import Engine, engines, get_engine
from .explaining import explain
from .streaming import simulate, stream

__all__ = ["Engine", "engines", "explain", "get_engine", "simulate", "stream"]
