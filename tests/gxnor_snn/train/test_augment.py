import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import InputError, RecipeError
from gxnor_snn.train import Augmentation, augment


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 9) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=seeded(seed))


settings = st.builds(
    Augmentation,
    flip=st.booleans(),
    rotate=st.sampled_from([0.0, 10.0, 180.0]),
    scale=st.sampled_from([(1.0, 1.0), (0.8, 1.25), (1.0, 2.0)]),
    shear=st.sampled_from([0.0, 15.0]),
    shift=st.sampled_from([0.0, 2.0, 0.5]),
    crop=st.sampled_from([0, 1, 4]),
    cutout=st.sampled_from([0, 1, 3, 100]),
)


def test_no_change_asked_for_is_no_change_and_no_draw() -> None:
    images, generator = noise(3, 2, 5, 4), seeded()
    before = generator.get_state()
    assert augment(images, Augmentation(), generator) is images
    assert torch.equal(generator.get_state(), before)


@given(settings, st.sampled_from([(4, 1, 8, 8), (3, 3, 6, 9), (1, 2, 1, 5)]), st.integers(0, 99))
def test_bytes_in_bytes_out_and_the_same_seed_gives_the_same(
    limits: Augmentation, shape: tuple[int, ...], seed: int
) -> None:
    images = noise(*shape)
    kept = images.clone()
    changed = augment(images, limits, seeded(seed))
    assert (changed.dtype, changed.shape) == (torch.uint8, images.shape)
    assert torch.equal(changed, augment(images, limits, seeded(seed)))
    assert torch.equal(images, kept)


def test_images_of_a_batch_and_seeds_differ() -> None:
    images = noise(1, 1, 16, 16).expand(4, 1, 16, 16)
    limits = Augmentation(rotate=10, shift=2)
    first, other = augment(images, limits, seeded(0)), augment(images, limits, seeded(1))
    assert len({image.numpy().tobytes() for image in [*first, *other]}) == 8


def test_a_flip_is_a_mirror_image_every_other_time() -> None:
    images = noise(400, 1, 3, 5)
    changed = augment(images, Augmentation(flip=True), seeded())
    mirrored = (changed == images.flip(3)).flatten(1).all(1)
    assert ((changed == images).flatten(1).all(1) ^ mirrored).all()
    assert 160 < int(mirrored.sum()) < 240


def test_a_crop_moves_whole_pixels_everywhere_within_its_margin() -> None:
    images = noise(300, 2, 6, 5)
    changed = augment(images, Augmentation(crop=1), seeded())
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    corners = [(i, j) for i in range(3) for j in range(3)]
    met = np.zeros(9, dtype=int)
    for before, after in zip(padded, changed.numpy(), strict=True):
        (hit,) = [k for k, (i, j) in enumerate(corners) if (before[:, i : i + 6, j : j + 5] == after).all()]
        met[hit] += 1
    assert met.min() > 15


def test_a_cutout_blackens_one_square_in_all_channels() -> None:
    images = torch.full((200, 3, 9, 7), 200, dtype=torch.uint8)
    black = (augment(images, Augmentation(cutout=3), seeded()) == 0).numpy()
    assert (black == black[:, :1]).all()
    for mask in black[:, 0]:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        assert mask.sum() == rows.size * columns.size  # a rectangle, 3 x 3 unless it leaves the image
        assert 2 <= rows.size <= 3 or rows[0] == 0 or rows[-1] == 8
        assert np.ptp(rows) < 3
        assert np.ptp(columns) < 3


def test_a_half_turn_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand", lambda *shape, **_: torch.ones(shape))  # every angle is the largest
    images = noise(64, 1, 8, 8)
    assert torch.equal(augment(images, Augmentation(rotate=180), seeded()), images.flip((2, 3)))


def test_an_oblong_image_keeps_its_proportions() -> None:
    """A disc stays a disc under every rotation, in a wide image too."""
    y, x = np.mgrid[:15, :31]
    radius = np.hypot(y - 7, x - 15)
    disc = (255 * (radius < 4)).astype(np.uint8)
    images = torch.from_numpy(disc).expand(20, 1, 15, 31)
    changed = augment(images, Augmentation(rotate=180), seeded()).numpy()[:, 0]
    assert (changed[:, radius < 2.5] == 255).all()
    assert (changed[:, radius > 5.5] == 0).all()


def test_scale_shift_and_shear_by_hand() -> None:
    spot = torch.zeros(50, 1, 21, 21, dtype=torch.uint8)
    spot[:, :, 10, 16] = 255  # 6 pixels right of the middle
    spot[:, :, 4, 10] = 255  # 6 pixels above it
    y, x = np.mgrid[:21, :21]

    def centres(limits: Augmentation) -> tuple[np.ndarray, np.ndarray]:
        changed = augment(spot, limits, seeded()).numpy()[:, 0].astype(float)
        right, above = changed * (x > 10 + (10 - y)), changed * (x <= 10 + (10 - y))
        return tuple(
            np.stack([(part * axis).sum((1, 2)) / part.sum((1, 2)) - 10 for axis in (x, y)], 1)
            for part in (right, above)
        )

    right, above = centres(Augmentation(scale=(1.25, 1.25)))
    np.testing.assert_allclose(right, [[7.5, 0]] * 50, atol=0.35)
    np.testing.assert_allclose(above, [[0, -7.5]] * 50, atol=0.35)
    right, above = centres(Augmentation(shift=2))
    np.testing.assert_allclose(right - [6, 0], above - [0, -6], atol=0.05)  # the same for both spots
    assert (np.abs(right - [6, 0]) <= 2.05).all()
    assert np.abs(right - [6, 0]).max(0).min() > 1.5
    right, above = centres(Augmentation(shear=20))
    np.testing.assert_allclose(right, [[6, 0]] * 50, atol=0.05)  # the middle row stays
    np.testing.assert_allclose(above[:, 1], -6, atol=0.05)
    assert 1.5 < np.abs(above[:, 0]).max() <= 6 * math.tan(math.radians(20)) + 0.05


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rotate": -1}, "augment: rotate"),
        ({"rotate": 181}, "augment: rotate"),
        ({"scale": (0.0, 1.0)}, "augment: .*0 < smallest <= largest"),
        ({"scale": (1.2, 1.1)}, "augment: .*0 < smallest <= largest"),
        ({"shift": math.inf}, "augment: shift"),
        ({"shear": 61}, "augment: shear"),
        ({"crop": 0.5}, "augment: crop"),
        ({"cutout": -1}, "augment: cutout"),
        ({"blur": 1}, "augment: blur"),
    ],
)
def test_bad_limits_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        Augmentation(**change)


@pytest.mark.parametrize("images", [torch.zeros(2, 1, 3, 3), torch.zeros(2, 3, 3, dtype=torch.uint8)])
def test_only_byte_images_are_taken(images: torch.Tensor) -> None:
    with pytest.raises(InputError, match="augment takes uint8 images"):
        augment(images, Augmentation(flip=True), seeded())


def test_an_empty_batch_stays_empty() -> None:
    every = Augmentation(flip=True, rotate=10, crop=1, cutout=2)
    for shape in ((0, 1, 4, 4), (2, 1, 0, 4)):
        images = torch.zeros(shape, dtype=torch.uint8)
        assert augment(images, every, torch.Generator()).shape == shape
