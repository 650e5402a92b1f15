import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.packing import pack_ternary, packed_size, unpack_ternary


@given(st.lists(st.integers(-1, 1), max_size=50))
def test_unpacking_undoes_packing(values: list[int]) -> None:
    array = np.array(values, dtype=np.int8)
    packed = pack_ternary(array)
    assert packed.dtype == np.uint8
    assert packed.shape == (packed_size(len(values)),) == ((len(values) + 3) // 4,)
    restored = unpack_ternary(packed, len(values))
    assert restored.dtype == np.int8
    np.testing.assert_array_equal(restored, array)


def test_the_layout_is_lowest_bits_first() -> None:
    assert pack_ternary(np.array([1, -1, 0, 1, -1])).tolist() == [0b01_00_10_01, 0b10]


def test_arrays_are_read_in_c_order_whatever_their_memory_order() -> None:
    array = np.array([[1, -1, 0], [0, 1, 1]])
    np.testing.assert_array_equal(pack_ternary(array), pack_ternary(np.asfortranarray(array)))
    np.testing.assert_array_equal(unpack_ternary(pack_ternary(array), 6), array.ravel())


@pytest.mark.parametrize("bad", [np.array([2]), np.array([0, -2]), np.array([0.0]), np.array([True])])
def test_packing_refuses_other_values(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="pack_ternary takes"):
        pack_ternary(bad)


def test_unpacking_refuses_code_three() -> None:
    with pytest.raises(ValueError, match="code 3 at value 2"):
        unpack_ternary(np.array([0b00_11_00_00], dtype=np.uint8), 4)


def test_unpacking_refuses_bits_behind_the_last_value() -> None:
    with pytest.raises(ValueError, match="nonzero bits behind"):
        unpack_ternary(np.array([0b01_00_00_00], dtype=np.uint8), 3)


@pytest.mark.parametrize("count", [-1, 0, 4, 9])
def test_unpacking_refuses_another_number_of_bytes(count: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        unpack_ternary(np.zeros(2, dtype=np.uint8), count)


@pytest.mark.parametrize("bad", [np.zeros(1, dtype=np.int8), np.zeros((1, 1), dtype=np.uint8)])
def test_unpacking_refuses_another_dtype_or_shape(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8 vector"):
        unpack_ternary(bad, 4)
