"""The photos and manifests without receipt, oldest first, as the spool lists them. Pure."""

from collections.abc import Iterable, Iterator

from edge.uplink.jobs import ManifestJob, Parkable, PhotoJob
from edge.uplink.queue_view import SendableManifest, SendablePhoto
from edge.uplink.work import SetAside

ProofKey = tuple[str, int]
"""Proof id and revision."""


class Holdings:
    """Jobs by photo and by manifest, and what was settled before the spool knows it.

    A receipt goes to the thread that writes the journal; until it has, the spool still lists what
    the receipt settled. And a receipt may come while a repetition is under way: the job then stays
    until that has ended.
    """

    def __init__(self) -> None:
        self.photos: dict[str, PhotoJob] = {}
        self.manifests: dict[ProofKey, ManifestJob] = {}
        self._settled_photos: set[str] = set()
        self._settled_proofs: set[ProofKey] = set()

    def offer(self, photos: Iterable[SendablePhoto], manifests: Iterable[SendableManifest]) -> None:
        """Take in what the spool lists; what it lists no more is forgotten."""
        self._offer_photos(photos)
        self._offer_manifests(manifests)

    def _offer_photos(self, photos: Iterable[SendablePhoto]) -> None:
        listed = {photo.sha256: photo.size_bytes for photo in photos}
        self._settled_photos &= listed.keys() | self.photos.keys()
        kept = {sha: job for sha, job in self.photos.items() if job.in_flight}
        for sha, size_bytes in listed.items():
            if sha not in self._settled_photos:
                kept[sha] = self.photos.get(sha) or PhotoJob(sha, size_bytes)
        self.photos = kept

    def _offer_manifests(self, manifests: Iterable[SendableManifest]) -> None:
        kept = {key: job for key, job in self.manifests.items() if job.in_flight}
        listed = set()
        for manifest in manifests:
            key = (manifest.proof_id, manifest.revision)
            listed.add(key)
            if key not in self._settled_proofs:
                kept[key] = self.manifests.get(key) or ManifestJob(
                    *key, manifest.raw, tuple(manifest.sha256s)
                )
        self._settled_proofs &= listed | kept.keys()
        self.manifests = kept

    def unsettle_photo(self, sha256: str) -> None:
        """It is wanted although it was settled: held again as soon as the spool lists it."""
        self._settled_photos.discard(sha256)

    def settle_photo(self, sha256: str) -> None:
        """Nothing more is to be sent of it: the cloud has it, or it is lost."""
        self._settled_photos.add(sha256)
        job = self.photos.get(sha256)
        if job is not None and job.in_flight:
            job.wanted = []  # the rest is not needed; what is under way ends by itself
        else:
            self.photos.pop(sha256, None)

    def settle_proof(self, key: ProofKey) -> None:
        """Nothing more is to be sent of this manifest."""
        self._settled_proofs.add(key)
        job = self.manifests.get(key)
        if job is not None and not job.in_flight:
            del self.manifests[key]

    def drop_if_settled(self, owner: str | ProofKey) -> None:
        """Something under way has ended: its job may go if it was settled meanwhile."""
        if isinstance(owner, str):
            if owner in self._settled_photos and not self.photos[owner].in_flight:
                del self.photos[owner]
        elif owner in self._settled_proofs:
            del self.manifests[owner]

    def photos_went(self, manifest: ManifestJob) -> bool:
        """All photos of a manifest were published, are receipted, or cannot be published now."""
        jobs = (self.photos.get(sha256) for sha256 in manifest.sha256s)
        return all(job is None or job.waiting or job.parked_until is not None for job in jobs)

    def all_jobs(self) -> Iterator[Parkable]:
        """Photos and manifests."""
        yield from self.photos.values()
        yield from self.manifests.values()

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """What is not published for now, with the reason."""
        photos = (
            SetAside("photo", job.sha256, job.parked_because)
            for job in self.photos.values()
            if job.parked_until is not None
        )
        proofs = (
            SetAside("proof", job.proof_id, job.parked_because)
            for job in self.manifests.values()
            if job.parked_until is not None
        )
        return (*photos, *proofs)
