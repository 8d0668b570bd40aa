"""The role `sync`: reads orders, keeps authorizations alive, forgets what nobody reads any more."""

from cloud.main.housekeeping import Housekeeping
from cloud.main.parts import Parts
from cloud.sync.authorizations import AuthorizationKeeper
from cloud.sync.orders import OrderReader, OrderSync, SyncSettings


def order_sync(made: Parts) -> OrderSync:
    """The scheduled reading of orders."""
    settings = SyncSettings()
    reader = OrderReader(made.database, made.gateway, settings)
    return OrderSync(reader, settings, made.on_death)


def authorization_keeper(made: Parts) -> AuthorizationKeeper:
    """What renews tokens that nobody uses, and warns of authorizations that end."""
    return AuthorizationKeeper(made.database, made.gateway, made.on_death)


def housekeeping(made: Parts) -> Housekeeping:
    """What is tidied once an hour."""
    return Housekeeping(made.database, made.on_death)
