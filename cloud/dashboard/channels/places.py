"""Where a shop sells and what is to be authorized, as addresses of pages say it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException

from cloud.dashboard.site import Site
from cloud.marketplaces.offers import Offer, find_offer
from cloud.shops.service import Purpose


@dataclass(frozen=True, slots=True)
class Place:
    """A channel in a country, and what an authorization there is for."""

    channel: str
    country: str
    purpose: Purpose

    def offer(self, site: Site) -> Offer:
        """The offer to connect a shop there. Raises HTTPException 404 without one."""
        unproven = site.deps.authorizing.offers_unproven
        found = find_offer(self.channel, self.country, with_unproven=unproven)
        if found is None:
            raise HTTPException(404)
        return found


def _place(channel: str, country: str, purpose: Purpose) -> Place:
    return Place(channel, country, purpose)


PlaceInPath = Annotated[Place, Depends(_place)]
