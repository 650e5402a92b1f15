import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.dst.tiles import tiles


@given(st.lists(st.integers(0, 7), max_size=4), st.integers(1, 20))
def test_tiles_cut_a_tensor_in_order(shape: list[int], limit: int) -> None:
    x = torch.arange(max(torch.Size(shape).numel(), 0))
    matrix = x.view(shape[0], -1) if x.numel() and shape else x.view(1, -1)
    seen = []
    for tile in tiles(tuple(shape), limit):
        assert 0 < tile.size <= limit or not x.numel()
        assert torch.equal(x[tile.start : tile.stop], matrix[tile.rows, tile.columns].flatten())
        assert tile.shape[0] * tile.shape[1] == tile.size
        seen.append(x[tile.start : tile.stop])
    assert torch.equal(torch.cat([*seen, x[:0]]), x)
