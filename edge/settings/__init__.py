"""Settings of a table: what may be set, in which unit, and what is assumed. No file is read here.

``edge.settings_loading`` reads them from a TOML file, the environment and the command line.
"""

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from edge.settings.cloud import EnrolmentSection, UplinkSection
from edge.settings.devices import CameraSection, IndicatorSection
from edge.settings.inputs import InputSection
from edge.settings.machine import ClockSection, LogSection, SpoolSection
from edge.settings.packing import CodesSection, PackingSection

ENVIRONMENT_PREFIX = "PACKWITNESS_EDGE_"
ENVIRONMENT_DELIMITER = "__"


class TableSettings(BaseSettings):
    """All settings of a table."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter=ENVIRONMENT_DELIMITER,
        frozen=True,
        extra="forbid",
    )

    spool: SpoolSection = SpoolSection()
    camera: CameraSection = CameraSection()
    input: InputSection = InputSection()
    indicator: IndicatorSection = IndicatorSection()
    packing: PackingSection = PackingSection()
    codes: CodesSection = CodesSection()
    uplink: UplinkSection = UplinkSection()
    enrolment: EnrolmentSection = EnrolmentSection()
    clock: ClockSection = ClockSection()
    log: LogSection = LogSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given: the loader joins the sources, because it remembers each origin."""
        return (init_settings,)
