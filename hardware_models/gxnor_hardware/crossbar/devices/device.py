"""A memory device: how its conductances are programmed, drift, are read and fail."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, final

from gxnor_snn.errors import InputError

from .checks import check_floats, check_shape, check_time
from .record import Record

if TYPE_CHECKING:
    from torch import BoolTensor, Generator, Tensor

__all__ = ["Device"]


@final
@dataclass(frozen=True)
class Device(Record):
    """One memory device, after its card.

    Conductances are float tensors in siemens, of any shape (many draws over leading dimensions). Every method is
    pure and draws from the given generator only. What the source does not give is absent: the method that needs
    it raises `ProfileError` naming it, until the caller states it (`with_constants`, `with_faults`, `replace`) or
    states that there is none (`assume_none`).

    Attributes
    ----------
    name, display, summary
        Identity.
    constants
        ``conductance.on``, ``conductance.off``, ``voltage.read``, ``time.read``: SI value, band, source, grade.
    programming, retention, reading, failing
        The models of `effects`; None where the source gives none.
    levels
        Conductance states a cell is programmed to; None where the source names no number.
    levels_grade, levels_source
        Provenance of `levels`.
    notes, excludes
        What to know, and what lies outside the source.
    """

    @classmethod
    def ideal(
        cls,
        g_on_s: float = 1e-4,
        g_off_s: float = 0.0,
        v_read_v: float = 0.2,
        t_read_s: float = 1e-8,
        *,
        name: str = "ideal",
    ) -> "Device":
        """A device without any noise, drift or fault.

        Parameters
        ----------
        g_on_s, g_off_s, v_read_v, t_read_s
            Siemens, volt, seconds.
        name
            How messages name it.

        Raises
        ------
        InputError
            If a value is not plausible.
        """
        bare = cls(name, "Ideal device", "Takes every target exactly, for ever.", MappingProxyType({}))
        stated = bare.with_constants(g_on_s=g_on_s, g_off_s=g_off_s, v_read_v=v_read_v, t_read_s=t_read_s)
        return stated.noiseless()

    def program(self, target_s: "Tensor", generator: "Generator") -> "Tensor":
        """Conductances after programming.

        Parameters
        ----------
        target_s
            Wanted conductances, siemens, 0 to `g_on_s`, any shape.
        generator
            Source of the draws, on the tensor's device.

        Raises
        ------
        ProfileError
            If the card gives no programming model.
        InputError
            If `target_s` is not a float tensor within range.
        """
        model = self._model("programming")
        check_floats(self.name, "target_s", target_s)
        most = self.g_on_s * (1 + 1e-5)
        if target_s.numel() and not bool(((target_s >= 0) & (target_s <= most)).all()):
            raise InputError(
                f"device {self.name!r}: target_s holds values outside 0 to g_on_s = {self.g_on_s:g} S; "
                "conductances are in siemens"
            )
        drawn: Tensor = model.draw(target_s, self, generator)
        return drawn

    def programming_sigma(self, target_s: "Tensor") -> "Tensor":
        """Standard deviation of programming in siemens, before the cut at zero conductance.

        Raises
        ------
        ProfileError
            If the card gives no programming model.
        """
        check_floats(self.name, "target_s", target_s)
        sigma: Tensor = self._model("programming").sigma(target_s, self)
        return sigma

    def programming_sigma_band(self, target_s: "Tensor") -> "tuple[Tensor, Tensor]":
        """(low, high) of `programming_sigma` by the fits that the card holds; equal where it holds one."""
        sigma = self.programming_sigma(target_s)
        other: Tensor = self._model("programming").other_sigma(target_s, self)
        return sigma.minimum(other), sigma.maximum(other)

    def drift(
        self, g_s: "Tensor", time_s: float, generator: "Generator", target_s: "Tensor | None" = None
    ) -> "Tensor":
        """Conductances `time_s` after programming.

        Parameters
        ----------
        g_s
            Conductances as programmed, siemens.
        time_s
            Seconds after programming.
        generator
            Source of the draws.
        target_s
            What they were programmed to, of the same shape: the fits are over the target. None takes `g_s` for it.

        Raises
        ------
        ProfileError
            If the card gives no retention model and `time_s` is not 0.
        InputError
            If a tensor is not of floats, or the time not covered by the source.
        """
        check_floats(self.name, "g_s", g_s)
        check_time(time_s)
        if time_s == 0 and self.retention is None:
            return g_s.clone()
        model = self._model("retention")
        drifted: Tensor = model.draw(g_s, self._target(g_s, target_s), float(time_s), self, generator)
        return drifted

    def read_noise(self, g_s: "Tensor", time_s: float, target_s: "Tensor | None" = None) -> "Tensor":
        """Standard deviation per cell of one read, siemens.

        Parameters
        ----------
        g_s
            Conductances that are read, siemens.
        time_s
            Seconds after programming.
        target_s
            What they were programmed to: some fits are over the target. None takes `g_s` for it.

        Raises
        ------
        ProfileError
            If the card gives no read noise.
        InputError
            As for `drift`.
        """
        model = self._model("reading")
        check_floats(self.name, "g_s", g_s)
        check_time(time_s)
        sigma: Tensor = model.sigma(g_s, self._target(g_s, target_s), float(time_s), self)
        return sigma

    def faults(self, shape: Sequence[int], generator: "Generator") -> "tuple[BoolTensor, BoolTensor]":
        """Which cells are stuck: (at `g_on_s`, at `g_off_s`), never both.

        Parameters
        ----------
        shape
            Shape of the array of cells.
        generator
            Source of the draws; the masks lie on its device.

        Raises
        ------
        ProfileError
            If the card gives no fault model.
        InputError
            If `shape` is no shape.
        """
        import torch

        sizes = check_shape(shape)

        on, off = self._model("faults").rates()
        u = torch.rand(sizes, generator=generator, device=generator.device)
        return u < on, (u >= on) & (u < on + off)

    def stick(self, g_s: "Tensor", stuck_on: "Tensor", stuck_off: "Tensor") -> "Tensor":
        """Conductances with the stuck cells put where they are stuck."""
        return g_s.masked_fill(stuck_on, self.g_on_s).masked_fill(stuck_off, self.g_off_s)

    def _target(self, g_s: "Tensor", target_s: "Tensor | None") -> "Tensor":
        if target_s is None:
            return g_s.clamp(min=0, max=self.g_on_s)
        check_floats(self.name, "target_s", target_s)
        if target_s.shape != g_s.shape:
            raise InputError(
                f"target_s has shape {tuple(target_s.shape)}; allowed is that of g_s, {tuple(g_s.shape)}"
            )
        return target_s
