"""What all groups of settings have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A part of the settings; what it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid")
