"""Ids of rows as they stand in addresses."""

from typing import Annotated

from fastapi import Form, Path, Query

LARGEST_ID = 2**63 - 1
"""What both engines can hold; a larger one is no id."""

RowInPath = Annotated[int, Path(ge=1, le=LARGEST_ID)]
RowInQuery = Annotated[int | None, Query(ge=0, le=LARGEST_ID)]
RowInForm = Annotated[int, Form(ge=0, le=LARGEST_ID)]
