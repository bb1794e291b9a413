"""What can be compared: one thin adapter a file, each with a card. `METHODS` maps a key to its card and builder."""

from facepersona_core.methods.base import METHODS, Method, MethodCard, build_method, method_card

__all__ = ["METHODS", "Method", "MethodCard", "build_method", "method_card"]
