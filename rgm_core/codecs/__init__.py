"""Codecs: signals to discrete outcomes and back."""

from rgm_core.codecs.image import ImageCodec

__all__ = ["ImageCodec"]
