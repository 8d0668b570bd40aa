"""Everything a photo store raises on purpose."""


class PhotoStoreError(Exception):
    """Any failure of a photo store."""


class TransientPhotoStoreError(PhotoStoreError):
    """It may work later, unchanged. The photo must not be receipted."""


class PermanentPhotoStoreError(PhotoStoreError):
    """It will fail the same way until somebody acts."""


class StoreFull(TransientPhotoStoreError):
    """No room is left, or a quota is used up. Free space."""


class StoreUnavailable(TransientPhotoStoreError):
    """The store cannot be reached or its disk reports an error."""


class PhotoMissing(PermanentPhotoStoreError):
    """The store has no photo under this key."""


class PhotoDamaged(PermanentPhotoStoreError):
    """The stored bytes are not those that the key names. Putting the photo again repairs it."""


class WrongPhoto(PermanentPhotoStoreError):
    """The bytes to be stored do not have the hash that was named, or the key is not one."""


class StoreUnusable(PermanentPhotoStoreError):
    """The store refuses us: wrong folder, owner or credentials."""
