"""The picture of a card whose persona has none: the name on a plain ground, by the size that cards have (2:3)."""

from __future__ import annotations

import hashlib
from io import BytesIO

from transcript.fonts import BOLD, font_file

SIZE = (400, 600)  # what SillyTavern crops to
_LARGEST, _MARGIN = 96, 40
_MOST_PIXELS = 40_000_000


def portrait(name: str) -> bytes:
    """Return a PNG with `name` on it; the same name gives the same colours."""
    from PIL import Image, ImageDraw, ImageFont

    hue = int.from_bytes(hashlib.sha256(name.encode()).digest()[:2], "big") % 360
    image = Image.new("RGB", SIZE, f"hsl({hue}, 28%, 24%)")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, SIZE[1] * 2 // 3, *SIZE), fill=f"hsl({hue}, 32%, 17%)")
    font = str(font_file(BOLD))
    size = _LARGEST
    while size > 12 and ImageFont.truetype(font, size).getlength(name) > SIZE[0] - 2 * _MARGIN:
        size -= 4
    draw.text((SIZE[0] // 2, SIZE[1] * 5 // 6), name, font=ImageFont.truetype(font, size), fill="white", anchor="mm")
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def as_png(picture: bytes) -> bytes | None:
    """Return a picture of another format (WebP, JPEG) as PNG; None where it is none, or so large that it is a bomb."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(picture)) as image:
            if image.width * image.height > _MOST_PIXELS:
                return None
            out = BytesIO()
            image.convert("RGBA").save(out, "PNG")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return out.getvalue()
