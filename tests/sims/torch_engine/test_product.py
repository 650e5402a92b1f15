"""Digits, proofs and products of engine `torch`, on arithmetic of every kind that a device may have."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_sims.torch_engine.arithmetic import Arithmetic, arithmetic_of, device_named
from gxnor_sims.torch_engine.digits import Digits
from gxnor_sims.torch_engine.product import ExactProduct, pieces_of
from gxnor_snn.errors import EngineError, InputError

CPU = torch.device("cpu")
ARITHMETICS = [
    arithmetic_of(CPU),
    Arithmetic(CPU, 7, 8, 24),
]  # this machine's; a GPU's shapes, a narrow CPU's digits


@given(st.integers(-70_000, 70_000), st.integers(0, 140_000), st.sampled_from([7, 8]), st.booleans())
def test_digits_fit_and_put_together_give_the_value(lo: int, span: int, width: int, shift: bool) -> None:
    digits = Digits.of(lo, lo + span, width, shift)
    values = np.unique(np.linspace(lo, lo + span, 999).astype(np.int64))
    values = np.append(values, 0)
    parts = digits.split(values)
    half = 1 << (width - 1)
    assert digits.count == len(parts)
    for part, largest in zip(parts, digits.largest, strict=True):
        assert part.min() >= -half
        assert part.max() < half
        assert np.abs(part).max() <= largest
    np.testing.assert_array_equal(sum(p << (width * k) for k, p in enumerate(parts)) + digits.offset, values)


def test_pixels_take_one_digit_and_ternary_levels_no_offset() -> None:
    assert Digits.of(0, 255, 8) == Digits(8, 128, (128,))
    assert Digits.of(-1, 1, 8) == Digits(8, 0, (1,))
    assert Digits.of(0, 255, 7).count == 2


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 30), st.integers(1, 70), st.integers(0, 20), st.integers(0, 999),
    st.sampled_from([(-1, 1), (0, 255), (-255, 255), (3, 7), (-32768, 32767)]),
    st.sampled_from([1, 64, 127, 300, 40_000]), st.sampled_from([1 << 14, 1 << 20, (1 << 31) - 1]),
)  # fmt: skip
def test_products_are_exact_and_no_int32_sum_passes_its_proof(
    outputs: int, shared: int, rows: int, seed: int, span: tuple[int, int], largest: int, limit: int
) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(-largest, largest + 1, (outputs, shared))
    levels = rng.integers(span[0], span[1] + 1, (rows, shared))
    levels[: rows // 2] = rng.choice(span, (rows // 2, shared))
    for arithmetic in ARITHMETICS:
        product = ExactProduct(weights, *span, arithmetic, limit)
        got = product(torch.from_numpy(levels.astype(np.int32)))
        assert got.tolist() == (levels @ weights.T).tolist()
        digits, parts = product.digits.split(levels), product.weight_digits.split(weights)
        for piece in product.pieces:
            part = slice(piece.start, piece.stop)
            partial = max(
                (int(np.abs(d[:, part] @ parts[piece.digit][:, part].T).max(initial=0)) for d in digits), default=0
            )
            assert partial <= piece.bound
            assert piece.bound <= limit or piece.stop - piece.start == 1


def test_pieces_leave_out_zeros_and_cover_the_rest() -> None:
    weights = np.array([[0, 0, 5, -3, 0, 1]])
    assert pieces_of([weights * 0], 1) == []
    covered = [p for piece in pieces_of([weights], 2, limit=8) for p in range(piece.start, piece.stop)]
    assert {2, 3, 5} <= set(covered)
    assert len(set(covered)) == len(covered)


@pytest.mark.parametrize("name", ["tpu", "cpu:0", "cuda:x", "cuda:", 3])
def test_unknown_devices_are_named(name: str) -> None:
    with pytest.raises(InputError, match="allowed are cpu, cuda and cuda:N"):
        device_named(name)


def test_a_device_that_is_not_there_is_named(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(EngineError, match=r"'cuda' is not there.* finds 0 CUDA GPUs.*allowed here are cpu$"):
        device_named("cuda")
    with pytest.raises(EngineError, match="'cuda:7' is not there"):
        device_named("cuda:7")


def saturating(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """What CPUs without 8-bit dot products do: pairs of (a + 128) w are added in 16 bits that saturate."""
    a, b = left.long() + 128, right.long()
    if a.shape[1] % 2:
        a, b = torch.nn.functional.pad(a, (0, 1)), torch.nn.functional.pad(b, (0, 0, 0, 1))
    terms = a[:, :, None] * b[None]
    pairs = (terms[:, ::2] + terms[:, 1::2]).clamp(-(1 << 15), (1 << 15) - 1)
    return (pairs.sum(1) - 128 * b.sum(0)).int()


def test_devices_are_tried_before_they_are_used(monkeypatch) -> None:
    tried = arithmetic_of.__wrapped__
    monkeypatch.setattr(torch, "_int_mm", saturating)
    assert tried(CPU).width == 7
    monkeypatch.setattr(torch, "_int_mm", lambda a, b: (a.int() @ b.int()) + 1)
    with pytest.raises(EngineError, match="multiplies int8 matrices wrongly on cpu"):
        tried(CPU)

    def broken(a, b):
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(torch, "_int_mm", broken)
    with pytest.raises(EngineError, match="do not run on cpu: no such kernel"):
        tried(CPU)
