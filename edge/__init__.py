"""The daemon on a packing table. It knows no marketplace and imports nothing of the cloud."""
