"""Distillation: what a trained network says of each sample, as soft targets for another.

With logits y of the network in training, t of the teacher, and a temperature T, what is added to the loss is

    weight T^2 KL(softmax(t / T) || softmax(y / T)), the mean over the batch

(Hinton et al., arXiv 1503.02531, sec. 2; from memory, unverified). T^2 keeps its gradient as large as that of the
labels, whatever T is.
"""

from types import TracebackType
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from gxnor_snn.arguments import check_kind
from gxnor_snn.errors import GxnorError, InputError

from .settings import Settings

__all__ = ["Distillation", "DistillationSettings"]


class DistillationSettings(Settings):
    """The table ``[distillation]`` of a recipe.

    Attributes
    ----------
    weight
        Of the soft targets, beside the loss of the labels, which counts 1.
    temperature
        T, by which both logits are divided, 0.01 to 100: float32 could not tell hotter ones apart.

    Raises
    ------
    RecipeError
        If a value is unknown or out of range.
    """

    what: ClassVar[str] = "distillation"

    weight: float = Field(default=3.0, gt=0, le=1e6)
    temperature: float = Field(default=4.0, ge=0.01, le=100)


class Distillation:
    """Watches the passes of a model in training and compares its logits with those of a teacher.

    It is a `gxnor_snn.train.Penalty`; `fit` makes one where it is given a teacher.

    Parameters
    ----------
    model
        What is trained.
    teacher
        Takes the same images and gives as many logits; it is set to eval mode, moved to the device of the images,
        and not trained, so it shares no module and no parameter with the model.
    settings
        Weight and temperature.

    Raises
    ------
    InputError
        If an argument is of another kind, or the teacher is the model itself or shares a part with it.
    """

    def __init__(self, model: nn.Module, teacher: nn.Module, settings: DistillationSettings) -> None:
        check_kind("Distillation: model", model, nn.Module)
        check_kind("Distillation: teacher", teacher, nn.Module)
        check_kind("Distillation: settings", settings, DistillationSettings)
        if teacher is model:
            raise InputError("Distillation: teacher is the model itself; allowed is another network")
        own = {*model.modules(), *model.parameters()}
        for path, part in (*teacher.named_modules(), *teacher.named_parameters()):
            if part in own:
                raise InputError(
                    f"Distillation: {path or type(part).__name__!r} of the teacher is a part of the model, too, "
                    "and would change with it; allowed is a network of its own, as of copy.deepcopy"
                )
        self._model, self._teacher, self._settings = model, teacher.eval(), settings
        self._pass: tuple[Tensor, Tensor] | None = None
        self._hook: torch.utils.hooks.RemovableHandle | None = None

    def __enter__(self) -> "Distillation":
        """Begin to watch."""
        self._pass = None
        self._hook = self._model.register_forward_hook(self._watch)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cease to watch."""
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def _watch(self, module: nn.Module, given: tuple[Any, ...], logits: Tensor) -> None:
        if not given:
            raise InputError("Distillation: the model got its images by keyword; allowed is model(images)")
        self._pass = given[0], logits

    def value(self, done: float) -> Tensor:
        """What is added to the loss for the pass that was watched.

        Raises
        ------
        InputError
            If no pass was watched, the teacher refuses the images, or it gives other than real, finite logits, as
            many as the model.
        """
        if self._pass is None:
            raise InputError("Distillation: the model has not run inside the context")
        (images, logits), self._pass = self._pass, None
        said = self._ask(images, logits.shape)
        at = self._settings.temperature
        soft, own = F.log_softmax(said / at, 1), F.log_softmax(logits.float() / at, 1)
        return self._settings.weight * at**2 * F.kl_div(own, soft, log_target=True, reduction="batchmean")

    @torch.no_grad()
    def _ask(self, images: Tensor, wanted: torch.Size) -> Tensor:
        """The teacher's logits, float32."""
        try:
            said = self._teacher.to(images.device)(images)
        except GxnorError as error:
            raise InputError(f"Distillation: the teacher refuses the images: {error}") from error
        if not isinstance(said, Tensor) or said.is_complex():
            kind = said.dtype if isinstance(said, Tensor) else type(said).__name__
            raise InputError(f"Distillation: the teacher gives a {kind}; allowed is a tensor of real logits")
        if said.shape != wanted:
            raise InputError(
                f"Distillation: the teacher gives logits of shape {tuple(said.shape)}, the model of "
                f"{tuple(wanted)}; allowed are as many as those of the model"
            )
        said = said.float()
        if not bool(said.isfinite().all()):
            raise InputError("Distillation: the teacher gives logits that are not finite in float32")
        return said
