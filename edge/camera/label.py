"""Draws a parcel label with an order's code as text and as a Code 128 barcode."""

from PIL import Image, ImageDraw, ImageFont

from edge.camera import barcode

_WIDTH = 860
_HEIGHT = 560
_MARGIN = 36
_BAR_TOP = 210
_BAR_HEIGHT = 210

_PAPER = (244, 243, 238, 255)
_INK = (26, 26, 28, 255)
_GREY = (168, 168, 166, 255)


def draw_label(code: str, scale: float) -> Image.Image:
    """A label of 860 x 560 units at ``scale`` pixels per unit, RGBA.

    A code that cannot be a barcode is printed as text alone.
    """
    label = Image.new("RGBA", (_px(_WIDTH, scale), _px(_HEIGHT, scale)), _PAPER)
    draw = ImageDraw.Draw(label)
    edge = _px(4, scale)
    draw.rectangle((0, 0, label.width - 1, label.height - 1), outline=_INK, width=edge)
    _write(label, "STANDARD DELIVERY", (_MARGIN, 24), 52, scale)
    for line, length in enumerate((420, 360, 250)):
        top = 96 + line * 32
        draw.rectangle(
            (
                _px(_MARGIN, scale),
                _px(top, scale),
                _px(_MARGIN + length, scale),
                _px(top + 14, scale),
            ),
            fill=_GREY,
        )
    _draw_bars(draw, label.width, code, scale)
    _write(label, f"Order {code}", (_MARGIN, _BAR_TOP + _BAR_HEIGHT + 26), 64, scale)
    return label


def text_mask(text: str, height: int, width: int) -> Image.Image:
    """Text as a grey mask, one line ``height`` pixels high, at most ``width`` wide."""
    font = _font(height)
    left, _, right, _ = font.getbbox(text)
    line = font.getbbox("Ag|")[3]
    mask = Image.new("L", (max(1, round(right - left)), max(1, round(line))))
    ImageDraw.Draw(mask).text((-left, 0), text, fill=255, font=font)
    wide = min(width, round(mask.width * height / mask.height))
    return mask.resize((max(1, wide), height), Image.Resampling.BICUBIC)


def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.load_default(height)
    except TypeError:  # Pillow before 10.1 has one small bitmap font: its text is enlarged
        return ImageFont.load_default()


def _write(label: Image.Image, text: str, at: tuple[int, int], height: int, scale: float) -> None:
    mask = text_mask(text, max(6, _px(height, scale)), label.width - 2 * _px(_MARGIN, scale))
    label.paste(_INK, (_px(at[0], scale), _px(at[1], scale)), mask)


def _draw_bars(draw: ImageDraw.ImageDraw, label_width: int, code: str, scale: float) -> None:
    """Bars of a whole number of pixels each, in the middle of the label, if they fit on it."""
    try:
        widths = barcode.encode(code)
    except barcode.NotPrintable:
        return
    modules = sum(widths)
    module = label_width // (modules + 2 * barcode.QUIET_ZONE_MODULES)
    if module == 0:
        return
    x = (label_width - modules * module) // 2
    top, bottom = _px(_BAR_TOP, scale), _px(_BAR_TOP + _BAR_HEIGHT, scale)
    for place, width in enumerate(widths):
        if place % 2 == 0:
            draw.rectangle((x, top, x + width * module - 1, bottom), fill=_INK)
        x += width * module


def _px(length: float, scale: float) -> int:
    return max(1, round(length * scale))
