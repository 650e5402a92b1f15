"""Training by recipe: `fit`, its `Recipe` and `History`, presets, and checkpoints."""

from .augment import Augmentation, augment
from .bits import Stage, descend_bits, initialise
from .checkpoint import load_checkpoint, save_checkpoint
from .distillation import Distillation, DistillationSettings
from .evaluate import evaluate
from .events import EventPenalty, EventSettings
from .history import EpochRecord, History
from .loop import fit
from .penalty import Penalty
from .polish import Polish, polish
from .presets import PRESETS, Preset, demo_setup
from .recipe import Recipe, Transitions
from .sharing import KernelPenalty, KernelSettings
from .tensorboard import TensorBoardLog

__all__ = [
    "PRESETS",
    "Augmentation",
    "Distillation",
    "DistillationSettings",
    "EpochRecord",
    "EventPenalty",
    "EventSettings",
    "History",
    "KernelPenalty",
    "KernelSettings",
    "Penalty",
    "Polish",
    "Preset",
    "Recipe",
    "Stage",
    "TensorBoardLog",
    "Transitions",
    "augment",
    "demo_setup",
    "descend_bits",
    "evaluate",
    "fit",
    "initialise",
    "load_checkpoint",
    "polish",
    "save_checkpoint",
]
