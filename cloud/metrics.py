"""What this process counts for Prometheus, each counted where it happens (docs/for-it.md).

Labels have few values, and never name an order, a proof, a buyer, a table or a shop. Counting
costs a few microseconds and fails never; nobody reads a metric to decide anything.
"""

from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

REGISTRY = CollectorRegistry()

BUILD = Info("packwitness_build", "What runs here.", registry=REGISTRY)
BUILD.info({"version": version("packwitness")})

# --- tables ---------------------------------------------------------------------------------------

PROOFS_RECEIVED = Counter(
    "packwitness_proofs_received",
    "Manifests of tables that changed something, by what they say.",
    ["closing"],
    registry=REGISTRY,
)
PHOTOS_STORED = Counter(
    "packwitness_photos_stored",
    "Photos that were flushed to the photo store and committed.",
    registry=REGISTRY,
)
RECEIPTS = Counter(
    "packwitness_receipts",
    "Receipts given to tables for photos and proofs, repeated ones too.",
    ["what"],
    registry=REGISTRY,
)
PHOTO_STORE_ERRORS = Counter(
    "packwitness_photo_store_errors",
    "Photos that could not be stored, checked or read, by the kind of error.",
    ["error"],
    registry=REGISTRY,
)
BROKER_CONNECTED = Gauge(
    "packwitness_broker_connected",
    "1 while the broker has this process's link as its client.",
    registry=REGISTRY,
)
PARTITIONS_HELD = Gauge(
    "packwitness_partitions_held",
    "Of 64, those whose tables this process hears and answers.",
    registry=REGISTRY,
)

# --- marketplaces ---------------------------------------------------------------------------------

MESSAGES = Counter(
    "packwitness_messages",
    "Messages to buyers: sent, refused (for a reason), unknown, found in the chat, hidden later.",
    ["outcome", "reason"],
    registry=REGISTRY,
)
PRESS_TO_SENT = Histogram(
    "packwitness_press_to_sent_seconds",
    "From F4 or Resend, by the table's clock, to the last message of it sent.",
    buckets=(1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600),
    registry=REGISTRY,
)
MARKETPLACE_REQUESTS = Counter(
    "packwitness_marketplace_requests",
    "Requests to marketplaces: ok, unknown, or the class of the failure.",
    ["channel", "result"],
    registry=REGISTRY,
)
AUTHORIZATIONS_ENDING = Gauge(
    "packwitness_authorizations_ending",
    "Authorizations of shops that end within 14 days: a person has to give them again.",
    registry=REGISTRY,
)
PUSHES = Counter(
    "packwitness_pushes",
    "Calls of marketplaces to us: kept, repeated, or the name of what they are refused for.",
    ["channel", "result"],
    registry=REGISTRY,
)
TOKEN_REFRESHES = Counter(
    "packwitness_token_refreshes",
    "Refreshes of shops' tokens: refreshed, failed, or ended: a person must authorize the shop.",
    ["channel", "result"],
    registry=REGISTRY,
)

# --- database -------------------------------------------------------------------------------------

WRITE_SECONDS = Histogram(
    "packwitness_database_write_seconds",
    "A transaction that was committed, with its commit; on SQLite one of a whole group.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30),
    registry=REGISTRY,
)
WRITE_GROUP = Histogram(
    "packwitness_database_write_group_units",
    "Units of work committed in one transaction; on PostgreSQL always one.",
    buckets=(1, 2, 5, 10, 20, 50),
    registry=REGISTRY,
)
WRITES_WAITING = Gauge(
    "packwitness_database_writes_waiting",
    "Units of work that wait for the writer; on PostgreSQL those that are in work.",
    registry=REGISTRY,
)


def _begin_at_zero() -> None:
    """Show the counts that alerts ask for before anything was counted."""
    for closing in ("send", "unsent", "cancelled", "withdrawn"):
        PROOFS_RECEIVED.labels(closing)
    for what in ("photo", "proof"):
        RECEIPTS.labels(what)
    for outcome in ("sent", "unknown", "found"):
        MESSAGES.labels(outcome, "")


_begin_at_zero()
