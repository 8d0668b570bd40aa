"""How sharp a picture is: a figure to compare pictures of one camera and place with."""

from PIL import Image, ImageFilter, ImageStat

_LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


def sharpness(grey: Image.Image) -> float:
    """Variance of the Laplacian, relative to the picture's own variance: how much of the contrast
    is fine detail. It does not travel between cameras or sizes (edge-hardware 1.7).
    """
    variance = ImageStat.Stat(grey).var[0]
    if variance <= 0:
        return 0.0
    # Pillow copies the outermost pixels unfiltered.
    edges = grey.filter(_LAPLACIAN).crop((1, 1, grey.width - 1, grey.height - 1))
    return ImageStat.Stat(edges).var[0] / variance
