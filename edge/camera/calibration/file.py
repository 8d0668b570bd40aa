"""Where a calibration is kept: a file beside the photos, with a reference picture for each focus.

Not beside the settings: those may lie on a disk that is mounted read-only.
"""

from pathlib import Path

from edge.camera.calibration.record import Calibration, CalibrationDamaged, Focus
from edge.spool.files import OsFileSystem, write_durable


def load(path: Path) -> Calibration | None:
    """The calibration; None if there was none yet.

    Raises:
        CalibrationDamaged: there is a file, and it cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CalibrationDamaged(str(error)) from error
    return Calibration.from_text(text)


def reference_path(path: Path, focus: Focus) -> Path:
    """The picture that was taken then, with the packing area drawn into it."""
    return path.with_name(f"{path.stem}-{focus}.jpg")


def save(path: Path, calibration: Calibration, focus: Focus, reference: bytes) -> None:
    """Replace the calibration and the reference picture of a focus. Whole, or not at all.

    Raises:
        SpoolError: the disk refused.
    """
    files = OsFileSystem()
    write_durable(files, reference_path(path, focus), reference)
    write_durable(files, path, calibration.to_text().encode())
