"""Addresses of ParcelGuard's pages."""

PATH = "/parcelguard"
CHAT_PATH = f"{PATH}/chat"
WEBCAM_PATH = f"{PATH}/webcam"
