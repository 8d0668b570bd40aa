"""Imports every module with tables, so that `metadata` knows the whole schema."""

import importlib

from cloud.database.base import Base

# A new module with tables is added here; a test compares this with the files.
MODULES = (
    "cloud.accounts.audit_models",
    "cloud.accounts.code_models",
    "cloud.accounts.models",
    "cloud.conversations.models",
    "cloud.database.changes",
    "cloud.database.leases",
    "cloud.database.restorations",
    "cloud.dispatcher.models",
    "cloud.fleet.models",
    "cloud.link.models",
    "cloud.mail.models",
    "cloud.orders.models",
    "cloud.privacy.models",
    "cloud.proofs.models",
    "cloud.reports.models",
    "cloud.shops.models",
    "cloud.sync.models",
)

for _module in MODULES:
    importlib.import_module(_module)

metadata = Base.metadata
