"""``packwitness-cloud check``: is the photo store usable, and does the database agree with it."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict

from sqlalchemy import select

from cloud.accounts.models import Organisation
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.main.opening import basics, photo_store
from cloud.main.progress import Progress
from cloud.main.settings import CloudSettings
from cloud.migrations.upgrade import require_current
from cloud.photos.store import PhotoStore
from cloud.proofs.audit import Audit, Counts, Finding, Wrong

Say = Callable[[str], None]

_TABLES_COPY = (
    "copy it back from a backup; or from its table, which keeps photos for a while "
    "(packwitness-edge spool list --code NUMBER). A photo that is put there again replaces it"
)
WOULD_MEND = {
    Wrong.MISSING: f"nothing here can mend it: {_TABLES_COPY}",
    Wrong.WRONG_SIZE: f"nothing here can mend it: {_TABLES_COPY}",
    Wrong.DAMAGED: f"nothing here can mend it: {_TABLES_COPY}",
    Wrong.WRONG_ROW: "the photo is whole: would set its row to the size of what is stored",
    Wrong.UNREADABLE: "look after the store's disk or server, then check again",
    Wrong.UNNAMED: (
        "would delete it. Wait if the database was put back from a backup: a table that has no "
        "receipt yet offers its photos again, and such a photo then gets its row"
    ),
}
"""What could be done about each; `check` itself changes nothing."""


class Report:
    """Says findings as they come, and what they amount to."""

    def __init__(self, say: Say, *, as_json: bool) -> None:
        self._say = say
        self._as_json = as_json
        self.found: Counter[Wrong] = Counter()

    def add(self, finding: Finding) -> None:
        """Say one finding: a line, or a JSON object on a line."""
        self.found[finding.wrong] += 1
        if self._as_json:
            self._say(json.dumps({key: value for key, value in asdict(finding).items() if value}))
        else:
            self._say(sentence(finding))

    def end(self, checked: Counts) -> None:
        """Say the sums; and of each kind that was found, what would mend it."""
        counts, wrong = asdict(checked), {str(kind): n for kind, n in self.found.items()}
        mend = {str(kind): WOULD_MEND[kind] for kind in sorted(self.found)}
        if self._as_json:
            self._say(json.dumps({"checked": counts, "found": wrong, "would_mend": mend}))
            return
        for kind, words in mend.items():
            self._say(f"{kind} ({wrong[kind]}): {words}.")
        result = (
            f"{sum(self.found.values())} findings; nothing was changed" if wrong else "all well"
        )
        self._say(f"checked {counts['photos']} photos, {counts['objects']} stored: {result}")


def sentence(finding: Finding) -> str:
    """A finding in one line."""
    parts = [
        f"{finding.wrong}: photo {finding.sha256} of organisation {finding.organisation_id}",
        f"{finding.size_bytes} bytes",
    ]
    if finding.stored_bytes not in {None, finding.size_bytes}:
        parts.append(f"stored are {finding.stored_bytes}")
    if finding.codes:
        parts.append(f"of order {', '.join(finding.codes)}")
    if finding.device_id:
        parts.append(f"from {finding.device_id}")
    if finding.reason:
        parts.append(finding.reason)
    return ", ".join(parts)


def check(settings: CloudSettings, report: Report, progress: Progress, *, quick: bool) -> bool:
    """Try the store out, then audit every organisation; whether all is well.

    May run beside the cloud. Raises DatabaseError and PhotoStoreError when it cannot go on.
    """
    with basics(settings, require_current) as made:
        store = photo_store(settings, owner=False)
        store.check()

        def tell(counts: Counts) -> None:
            progress(f"so far {counts.photos} photos and {counts.objects} stored objects")

        audit = Audit(made.database, store, quick=quick, now=utc_now(), on_step=tell)
        for organisation_id in _organisations(made.database, store):
            for finding in audit.organisation(organisation_id):
                report.add(finding)
    report.end(audit.counts)
    return not report.found


def _organisations(database: Database, store: PhotoStore) -> list[int]:
    """Those of the database, and those whose photos alone are left."""
    with database.read(system("whose photos to check")) as session:
        known = set(session.scalars(select(Organisation.id)))
    return sorted(known.union(store.organisations()))
