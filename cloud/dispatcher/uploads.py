"""A message's upload: kept in its row, so that a later try sends the same picture again."""

from sqlalchemy import Integer, String, bindparam

from cloud.marketplaces.chats import UploadedImage

URL = bindparam("url", type_=String)
WIDTH_PX = bindparam("width_px", type_=Integer)
HEIGHT_PX = bindparam("height_px", type_=Integer)


def upload_values(uploaded: UploadedImage | None) -> dict[str, object]:
    """What the parameters above stand for."""
    if uploaded is None:
        return {"url": None, "width_px": None, "height_px": None}
    return {
        "url": uploaded.url,
        "width_px": uploaded.width_px,
        "height_px": uploaded.height_px,
    }
