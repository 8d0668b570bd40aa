"""Photo checks warn of bad photos and leave good ones alone."""

import io
import random
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageFilter

from edge.camera.checks import Limits, Measured, PhotoChecks, PhotoWarning, measure
from edge.camera.scene import PackingScene

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def scene() -> PackingScene:
    return PackingScene(1152, 648)


def photo(scene: PackingScene, number: int) -> Image.Image:
    return scene.draw(f"240615ABCD77{number:02d}", NOON, random.Random(number)).copy()


def jpeg(picture: Image.Image) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=85)
    return kept.getvalue()


def used_checks(scene: PackingScene) -> PhotoChecks:
    checks = PhotoChecks()
    for number in range(6):
        assert checks.check(jpeg(photo(scene, number))) == ()
    return checks


def test_good_photos_of_different_orders_give_no_warning(scene: PackingScene) -> None:
    used_checks(scene)


def test_a_blurred_photo_is_told_from_the_tables_own(scene: PackingScene) -> None:
    blurred = photo(scene, 7).filter(ImageFilter.GaussianBlur(3))
    assert used_checks(scene).check(jpeg(blurred)) == (PhotoWarning.BLURRED,)
    assert PhotoChecks().check(jpeg(blurred)) == ()  # nothing to compare with yet


def test_a_dark_photo(scene: PackingScene) -> None:
    dark = photo(scene, 7).point(lambda value: value // 4)
    assert used_checks(scene).check(jpeg(dark)) == (PhotoWarning.DARK,)


def test_a_covered_lens(scene: PackingScene) -> None:
    cloth = Image.effect_noise((1152, 648), 6).convert("RGB")
    assert used_checks(scene).check(jpeg(cloth)) == (PhotoWarning.COVERED,)


def test_a_lens_cap_is_dark_and_covered(scene: PackingScene) -> None:
    cap = Image.new("RGB", (1152, 648), (4, 4, 4))
    assert used_checks(scene).check(jpeg(cap)) == (PhotoWarning.DARK, PhotoWarning.COVERED)


def test_the_same_frame_twice_is_frozen_and_the_next_one_is_not(scene: PackingScene) -> None:
    checks = used_checks(scene)
    assert checks.check(jpeg(photo(scene, 7))) == ()
    assert checks.check(jpeg(photo(scene, 7))) == (PhotoWarning.FROZEN,)
    assert checks.check(jpeg(photo(scene, 8))) == ()


@pytest.mark.parametrize("keep", [0, 100, 0.6])
def test_what_is_no_whole_jpeg_is_unreadable(scene: PackingScene, keep: float) -> None:
    whole = jpeg(photo(scene, 1))
    cut = whole[: int(keep if keep >= 1 else keep * len(whole))]
    assert PhotoChecks().check(cut) == (PhotoWarning.UNREADABLE,)


def test_useless_photos_do_not_move_the_median() -> None:
    checks = PhotoChecks(Limits(median_from=2))
    for number in range(4):
        checks.judge(Measured(120, 50, 0.3, bytes([number])))
    for number in range(100):
        checks.judge(Measured(5, 1, 0.001, bytes([50 + number])))
    assert checks.judge(Measured(120, 50, 0.05, b"x")) == (PhotoWarning.BLURRED,)


def test_the_median_follows_a_camera_that_was_moved() -> None:
    checks = PhotoChecks(Limits(median_of=6, median_from=2))
    answers = []
    for number in range(20):
        sharpness = 0.3 if number < 10 else 0.05
        answers.append(checks.judge(Measured(120, 50, sharpness, bytes([number]))))
    assert answers[10] == (PhotoWarning.BLURRED,)
    assert answers[-1] == ()


def test_a_small_photo_can_be_measured() -> None:
    assert measure(jpeg(Image.new("RGB", (64, 36), (90, 90, 90)))).spread < 1


def test_a_smooth_picture_has_no_sharpness() -> None:
    """Also at its border, which the filter leaves as it was."""
    smooth = Image.linear_gradient("L").resize((1152, 648), Image.Resampling.BICUBIC)
    assert measure(jpeg(smooth.convert("RGB"))).sharpness < 0.001
