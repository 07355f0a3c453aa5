"""Learning by counting: active selection of updates, as published."""

from rgm_core.learning.active import History, learn, select_update

__all__ = [
    "History",
    "learn",
    "select_update",
]
