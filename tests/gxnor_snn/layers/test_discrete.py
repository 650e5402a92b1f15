import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteConv2d, DiscreteLinear
from gxnor_snn.spaces import DiscreteSpace


def integers(shape: tuple[int, ...], low: int, high: int, seed: int) -> torch.Tensor:
    return torch.randint(low, high + 1, shape, generator=torch.Generator().manual_seed(seed))


def integer_conv(x: torch.Tensor, w: torch.Tensor, layer: DiscreteConv2d) -> torch.Tensor:
    """Cross-correlation in int64 by its definition: a sum over groups, kernel offsets and channels."""
    (sh, sw), (ph, pw), (dh, dw) = layer.stride, layer.padding, layer.dilation
    x = nn.functional.pad(x, (pw, pw, ph, ph))
    kh, kw = layer.kernel_size
    height = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1
    width = (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    parts = []
    for xg, wg in zip(x.chunk(layer.groups, 1), w.chunk(layer.groups, 0), strict=True):
        total = torch.zeros(x.shape[0], wg.shape[0], height, width, dtype=torch.int64)
        for i in range(kh):
            for j in range(kw):
                rows = slice(i * dh, i * dh + (height - 1) * sh + 1, sh)
                columns = slice(j * dw, j * dw + (width - 1) * sw + 1, sw)
                total += (xg[:, None, :, rows, columns] * wg[None, :, :, i, j, None, None]).sum(2)
        parts.append(total)
    return torch.cat(parts, 1)


@given(
    st.integers(0, 8),
    st.sampled_from([(3, 1), (2, 3), 1]),
    st.sampled_from([1, 2, (2, 1)]),
    st.sampled_from([0, 1, (0, 2)]),
    st.sampled_from([1, 2]),
    st.sampled_from([1, 2]),
    st.integers(0, 2**31),
)
@settings(max_examples=40, deadline=None)
def test_convolutions_in_eval_mode_are_exact_integer_sums(n, kernel, stride, padding, dilation, groups, seed):
    layer = DiscreteConv2d(
        4,
        6,
        kernel,
        stride,
        padding,
        dilation,
        groups,
        DiscreteSpace(n),
        generator=torch.Generator().manual_seed(seed),
    ).eval()
    x = integers((2, 4, 7, 8), -255, 255, seed)
    got = layer(x.float())
    assert torch.equal(got.long(), integer_conv(x, layer.levels.detach().long(), layer))
    assert torch.equal(got, got.round())


@given(st.integers(0, 8), st.integers(1, 400), st.integers(1, 5), st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_linear_maps_in_eval_mode_are_exact_integer_sums(n: int, size: int, batch: int, seed: int) -> None:
    layer = DiscreteLinear(size, 7, DiscreteSpace(n), generator=torch.Generator().manual_seed(seed)).eval()
    x = integers((batch, size), -255, 255, seed)
    assert torch.equal(layer(x.float()).long(), x @ layer.levels.detach().long().T)


def test_sums_beyond_float32_are_still_exact() -> None:
    layer = DiscreteLinear(70_000, 2, max_input=255).eval()
    with torch.no_grad():
        layer.levels.fill_(1)
    x = torch.full((1, 70_000), 255.0)
    x[0, 0] = 254
    out = layer(x)
    assert out.dtype == torch.float64
    assert out[0].tolist() == [255 * 70_000 - 1] * 2  # above 2^24, odd: float32 has no such number


def test_the_declared_input_decides_the_type() -> None:
    x = torch.ones(1, 70_000)
    assert DiscreteLinear(70_000, 2, max_input=1).eval()(x).dtype == torch.float32


@pytest.mark.parametrize("bad", [0.5, 256.0, -256.0, float("nan"), float("inf")])
def test_eval_mode_refuses_what_is_no_level(bad: float) -> None:
    with pytest.raises(InputError, match="integer levels of magnitude up to 255"):
        DiscreteLinear(2, 2).eval()(torch.tensor([[bad, 0.0]]))


@pytest.mark.parametrize("n", [0, 1, 3])
def test_training_product_and_gradients_match_a_float_layer(n: int) -> None:
    space = DiscreteSpace(n)
    ours = DiscreteConv2d(3, 4, 3, 2, 1, space=space, generator=torch.Generator().manual_seed(0))
    stock = nn.Conv2d(3, 4, 3, 2, 1, bias=False)
    with torch.no_grad():
        stock.weight.copy_(ours.levels)
    x = integers((2, 3, 6, 6), -2, 2, seed=1).float().requires_grad_()
    y = x.detach().clone().requires_grad_()
    (ours(x) ** 2).sum().backward()
    (stock(y) ** 2).sum().backward()
    torch.testing.assert_close(ours.levels.grad, stock.weight.grad)
    torch.testing.assert_close(x.grad, y.grad)


def test_training_ignores_autocast() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = DiscreteLinear(257, 1)(torch.full((1, 257), 255.0))
    assert out.dtype == torch.float32


def test_attributes_have_torch_s_names() -> None:
    layer = DiscreteConv2d(4, 6, (3, 5), 2, (1, 0), groups=2)
    stock = nn.Conv2d(4, 6, (3, 5), 2, (1, 0), groups=2)
    for name in ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"):
        assert getattr(layer, name) == getattr(stock, name)
    assert layer.levels.shape == stock.weight.shape


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DiscreteLinear(0, 2), "sizes are integers of at least 1"),
        (lambda: DiscreteLinear(1.5, 2), r"\(2, 1.5\); sizes are integers"),
        (lambda: DiscreteConv2d(1, 1, 1.5), "kernel_size is 1.5"),
        (lambda: DiscreteLinear(1, 2, max_input=1.5), "max_input is 1.5"),
        (lambda: DiscreteLinear(2, 2, max_input=0), "max_input is 0"),
        (lambda: DiscreteLinear(2, 2, max_input=2**60), "2\\^53"),
        (lambda: DiscreteConv2d(3, 4, 3, groups=2), "groups is 2"),
        (lambda: DiscreteConv2d(3, 4, 0), "kernel_size is 0"),
        (lambda: DiscreteConv2d(3, 4, 3, stride=0), "stride is 0"),
        (lambda: DiscreteConv2d(3, 4, 3, padding=-1), "padding is -1"),
        (lambda: DiscreteConv2d(3, 4, (1, 2, 3)), "kernel_size is \\(1, 2, 3\\)"),
        (lambda: DiscreteLinear(3, 2)(torch.zeros(1, 4)), "in_features.*shape \\(1, 4\\)"),
        (lambda: DiscreteConv2d(3, 2, 1)(torch.zeros(1, 2, 4, 4)), "in_channels.*shape"),
        (lambda: DiscreteConv2d(3, 2, 3)(torch.zeros(1, 3, 2, 4)), "does not fit"),
    ],
)
def test_bad_arguments_are_named(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 16])
@pytest.mark.parametrize("training", [True, False])
def test_a_one_channel_image_that_claims_to_lie_channels_last(batch: int, training: bool) -> None:
    """Torch 2.13 gives memory it never wrote where such an image meets an output one pixel wide."""
    layer = DiscreteConv2d(1, 1, 3, stride=(1, 2), padding=(0, 1)).train(training)
    for seed in range(20):
        x = integers((batch, 1, 6, 2), 0, 255, seed)
        strided = torch.as_strided(x.float(), x.shape, (12, 1, 2, 1))
        assert strided.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(layer(strided).long(), integer_conv(x, layer.levels.long(), layer))


@pytest.mark.parametrize("size", [(8, 3), (6, 2), (4, 3)])
def test_one_channel_weights_that_claim_to_lie_channels_last(size: tuple[int, int]) -> None:
    layer = DiscreteConv2d(1, 1, 2, stride=(1, 2), padding=(1, 0), dilation=(2, 1)).eval()
    levels = torch.as_strided(layer.levels, (1, 1, 2, 2), (4, 1, 2, 1)).float()
    assert levels.stride() == (4, 1, 2, 1)
    for seed in range(20):
        x = integers((5, 1, *size), -1, 1, seed).float()
        wanted = integer_conv(x.long(), levels.long(), layer)
        for stride in (x.stride(), (size[0] * size[1], 1, size[1], 1)):
            strided = torch.as_strided(x, x.shape, stride)
            assert torch.equal(layer.product(strided, levels).long(), wanted)


@pytest.mark.parametrize(("n", "dtype"), [(0, torch.int8), (7, torch.int8), (8, torch.int16)])
def test_levels_are_as_small_as_they_can_be(n: int, dtype: torch.dtype) -> None:
    layer = DiscreteLinear(300, 20, DiscreteSpace(n), generator=torch.Generator().manual_seed(0))
    assert layer.levels.dtype == dtype
    assert layer.levels.abs().max() == layer.max_level == DiscreteSpace(n).max_level
    assert layer.code == ("zn", n)
    assert layer.has_zero == (n > 0)
    assert layer.max_sum == 255 * 300 * layer.max_level


def test_wider_sums_are_in_float64() -> None:
    layer = DiscreteLinear(4, 3, max_input=1).eval()
    x = torch.ones(1, 4)
    assert layer(x).dtype == torch.float32
    layer.widen(2**24)
    assert layer(x).dtype == torch.float64
    layer.widen(1)  # never below the layer's own sums
    assert layer(x).dtype == torch.float32
    with pytest.raises(InputError, match="2\\^53"):
        layer.widen(2**53)


def test_a_probe_sees_every_product_in_training() -> None:
    layer = DiscreteLinear(4, 3, generator=torch.Generator().manual_seed(0))
    seen = []
    layer.probe = lambda layer, x, levels: seen.append((layer, x, levels))
    x = torch.ones(2, 4)
    layer(x).sum().backward()
    ((probed, given_x, levels),) = seen
    assert probed is layer
    assert torch.equal(given_x, x)
    assert torch.equal(levels, layer.levels.float())
    layer.eval()(x)
    assert len(seen) == 1


def test_real_inputs_are_a_choice() -> None:
    x = torch.rand(2, 3, 5, 5)
    layer = DiscreteConv2d(3, 4, 3, real_input=True, generator=torch.Generator().manual_seed(0))
    expected = nn.functional.conv2d(x, layer.levels.float())
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(layer.eval()(x.double()), expected)


def test_an_empty_batch_has_empty_sums() -> None:
    assert DiscreteLinear(4, 3).eval()(torch.zeros(0, 4)).shape == (0, 3)
