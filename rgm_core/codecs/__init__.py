"""Codecs: signals to discrete outcomes and back."""

from rgm_core.codecs.base import Codec
from rgm_core.codecs.checks import check_codec
from rgm_core.codecs.image import ImageCodec
from rgm_core.codecs.sound import SoundCodec
from rgm_core.codecs.video import VideoCodec

__all__ = ["Codec", "ImageCodec", "SoundCodec", "VideoCodec", "check_codec"]
