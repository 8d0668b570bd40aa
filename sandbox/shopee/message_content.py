"""What is in a message, as the marketplace shows it."""

from typing import Any

from sandbox.market.entities import Picture
from sandbox.market.pictures import thumbnail_size
from sandbox.shopee.entities import Message
from sandbox.shopee.world import World


def content(world: World, base_url: str, one: Message) -> dict[str, Any]:
    """The content as read back. A picture gets its addresses of the present server."""
    picture_id = one.content.get("picture_id")
    picture = world.pictures.get(str(picture_id)) if picture_id else None
    if picture is None:
        return one.content
    return _picture_content(world, base_url, picture)


def _picture_content(world: World, base_url: str, picture: Picture) -> dict[str, Any]:
    width, height = thumbnail_size(picture.width, picture.height)
    bare = world.limits.bare_picture_ids
    url = picture.picture_id if bare else f"{base_url}/file/{picture.picture_id}"
    return {
        "url": url,
        "thumb_url": f"{url}_tn",
        "thumb_width": width,
        "thumb_height": height,
        "file_server_id": 0,
    }
