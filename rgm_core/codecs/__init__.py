"""Codecs: signals to discrete outcomes and back."""

from rgm_core.codecs.image import ImageCodec
from rgm_core.codecs.sound import SoundCodec
from rgm_core.codecs.video import VideoCodec

__all__ = ["ImageCodec", "SoundCodec", "VideoCodec"]
