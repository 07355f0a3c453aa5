"""How good are predictions, reconstructions and play, and does the model know when they are not?"""

from rgm_core.metrics.pictures import (
    frames_to_reach,
    psnr,
    selective_accuracy,
    success_rate,
    upper_half_accuracy,
)

__all__ = [
    "frames_to_reach",
    "psnr",
    "selective_accuracy",
    "success_rate",
    "upper_half_accuracy",
]
