"""How good are predictions, reconstructions and play, and does the model know when they are not?"""

from rgm_core.metrics.pictures import (
    frames_to_reach,
    psnr,
    selective_accuracy,
    success_rate,
    upper_half_accuracy,
)
from rgm_core.metrics.sound import beat_period, border_jump, signal_to_error, spectrogram_correlation

__all__ = [
    "beat_period",
    "border_jump",
    "frames_to_reach",
    "psnr",
    "selective_accuracy",
    "signal_to_error",
    "spectrogram_correlation",
    "success_rate",
    "upper_half_accuracy",
]
