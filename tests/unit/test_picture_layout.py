"""Where photos stand in one picture (S1-41: joined when the budget is short)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.dispatcher.chat_pictures.layout import GAP_PX, Place, Size, arranged

WIDE, TALL, CAMERA = (1920, 1080), (1080, 1920), (1600, 1200)


def test_one_photo_is_the_whole_picture() -> None:
    plan = arranged([CAMERA], (2000, 2000))
    assert plan.size == CAMERA
    assert plan.places == (Place(0, 0, CAMERA),)


@pytest.mark.parametrize(
    ("photos", "corners"),
    [
        ([WIDE, WIDE], [(0, 0), (0, 1)]),
        ([TALL, TALL], [(0, 0), (1, 0)]),
        ([WIDE, WIDE, WIDE], [(0, 0), (0, 1), (0, 2)]),
        ([TALL, TALL, TALL], [(0, 0), (1, 0), (2, 0)]),
        ([CAMERA, CAMERA, CAMERA], [(0, 0), (1, 0), (0.5, 1)]),
    ],
)
def test_photos_stand_so_that_they_are_shrunk_least(
    photos: list[Size], corners: list[tuple[float, float]]
) -> None:
    plan = arranged(photos, (2000, 2000))
    width, height = plan.places[0].size
    found = [(one.left / (width + GAP_PX), one.top / (height + GAP_PX)) for one in plan.places]
    assert found == [pytest.approx(corner, abs=0.01) for corner in corners]


def test_no_photo_is_made_larger_than_it_is() -> None:
    assert [one.size for one in arranged([(40, 30)] * 3, (2000, 2000)).places] == [(40, 30)] * 3


def test_photos_of_different_sizes_keep_their_shapes_and_one_scale() -> None:
    wide, small = arranged([WIDE, (640, 480)], (1000, 1000)).places
    assert wide.size[0] / 1920 == pytest.approx(small.size[0] / 640, rel=0.01)
    assert small.size[0] / small.size[1] == pytest.approx(640 / 480, rel=0.01)


sides = st.integers(1, 9000)


@given(
    photos=st.lists(st.tuples(sides, sides), min_size=1, max_size=3),
    room=st.tuples(st.integers(60, 4000), st.integers(60, 4000)),
)
def test_photos_are_within_the_picture_in_order_and_apart(photos: list[Size], room: Size) -> None:
    plan = arranged(photos, room)
    assert plan.size[0] <= room[0]
    assert plan.size[1] <= room[1]
    assert len(plan.places) == len(photos)
    for place in plan.places:
        assert 0 <= place.left <= plan.size[0] - place.size[0]
        assert 0 <= place.top <= plan.size[1] - place.size[1]
    for before, after in zip(plan.places, plan.places[1:], strict=False):
        is_right = after.left >= before.left + before.size[0] + GAP_PX
        is_below = after.top >= before.top + before.size[1] + GAP_PX
        assert is_right or is_below


@pytest.mark.parametrize(("photos", "room"), [([], (100, 100)), ([WIDE], (100, 0))])
def test_nothing_to_arrange_is_refused(photos: list[Size], room: Size) -> None:
    with pytest.raises(ValueError, match="cannot be arranged"):
        arranged(photos, room)
