"""Enrolment over HTTPS: the body of POST /api/v1/enrolment and its answer."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer

PATH = "/api/v1/enrolment"


class EnrolmentRequest(BaseModel):
    """Sent once by a table with the claim code of its claim sheet."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    claim_code: SecretStr = Field(min_length=8, max_length=80)
    hardware: str = Field(default="", max_length=120, description="board and serial, for people")
    software: str = Field(default="", max_length=60)

    @field_serializer("claim_code")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()


class BrokerAddress(BaseModel):
    """Where the table connects to."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str
    port: int = Field(ge=1, le=65535)
    transport: str = Field(default="tcp", pattern="^(tcp|websockets)$")
    tls: bool = False


class EnrolmentAnswer(BaseModel):
    """The table's own credentials. The password is shown this once and is not kept in clear."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    device_id: str
    partition: int
    table_name: str
    password: SecretStr
    broker: BrokerAddress

    @field_serializer("password")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()
