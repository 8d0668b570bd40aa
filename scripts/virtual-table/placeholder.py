"""Stands for libraries that picamera2 imports and a table never calls: previews, DNG, the IMX500.

Raspberry Pi OS has them; Debian does not. Every name exists, and is good for nothing.
"""


class _Anything(type):
    def __getattr__(cls, name: str) -> "_Anything":
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name, (), {})


def __getattr__(name: str) -> _Anything:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Anything(name, (), {})
