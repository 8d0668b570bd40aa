"""What all groups of settings have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Base of the sections: a name that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
