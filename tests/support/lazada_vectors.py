"""The worked signatures L0 to L7 of marketplace-apis 2.1: inputs fixed, made by other clients."""

from dataclasses import dataclass, field

APP_KEY = "100001"
APP_SECRET = "lzsecret_test_0123456789abcdef"
ACCESS_TOKEN = "50000abcdtok"
TIMESTAMP_MS = "1700000000000"
SDK = "lazop-sdk-python-20181207"
SESSION = "200000001_2_100000001_1_103"


@dataclass(frozen=True)
class Vector:
    """One call, and its signature without and with the parameter that one SDK adds."""

    name: str
    path: str
    business: dict[str, str]
    sign: str
    sign_with_sdk: str
    has_token: bool = True
    common: dict[str, str] = field(
        default_factory=lambda: {
            "app_key": APP_KEY,
            "timestamp": TIMESTAMP_MS,
            "sign_method": "sha256",
        }
    )

    @property
    def parameters(self) -> dict[str, str]:
        token = {"access_token": ACCESS_TOKEN} if self.has_token else {}
        return {**self.common, **token, **self.business}


OFFICIAL_SECRET = "helloworld"
OFFICIAL_PARAMETERS = {
    "access_token": "test",
    "app_key": "123456",
    "order_id": "1234",
    "sign_method": "sha256",
    "timestamp": "1517820392000",
}
OFFICIAL_SIGN = "4190D32361CFB9581350222F345CB77F3B19F0E31D162316848A2C1FFD5FAB4A"

VECTORS = (
    Vector(
        "L1",
        "/order/get",
        {"order_id": "330011223344556"},
        "EB9ED4309E8C22AC480426429F5283F5CAEE0D2CFABDCBDE849C8A7EE11978E0",
        "5076A7F5AC705583D351B580031535F3C559270E42DF5C7DCA28F4798D96974E",
    ),
    Vector(
        "L2",
        "/im/session/list",
        {"start_time": "1700000000000", "page_size": "20"},
        "FCB718111F456F5810B668F9E16ACDCBE7F053D8B6A33E89F8B0D7DEC9ED511E",
        "B036D4B5D2FD1C507EEA689377B386024F309FD85150FD536A54FC58C7203B1F",
    ),
    Vector(
        "L3",
        "/im/message/send",
        {"session_id": SESSION, "template_id": "1", "txt": "hello"},
        "69E359AD12FD2C9E0A81ED17042B7267D3191400C4C68B505D57E5A9337DA51B",
        "BC36C1A2319260086509D8DAC0DDC9FCAB7BED8B57FB6AE9A9AF6188DC6B4DCB",
    ),
    Vector(
        "L4",
        "/im/message/send",
        {
            "session_id": SESSION,
            "template_id": "3",
            "img_url": "https://my-live.slatic.net/p/abc.jpg",
            "width": "1280",
            "height": "960",
        },
        "8C6194C537D196B3EDF1740F69A3694C6F69DCE05965A795E556A5E9218A0EDE",
        "8C727A2AA4BB59F0A1416B7CA8B208ECD73DF113C44313E6CEAB59AA8CA4F195",
    ),
    Vector(
        "L5",
        "/image/upload",
        {},
        "82A66C32B61E1A7A7ECC910750F666FD70C0D0467904D416F85BAC0B6CFB7219",
        "08E9A048CDFD7B9D58A4D33B91041520018530955A51A4BF4932117B839C6A98",
    ),
    Vector(
        "L6",
        "/auth/token/create",
        {"code": "0_100001_abc"},
        "D7E4B76EEFEF966D2263BB2D9F513EF6252C7FB7488D5BD2E3EFF68894D30D3C",
        "75AF7719E9521DC7002B07A36DD888E64008423D9C5EF72B9EAF11CB050AC035",
        has_token=False,
    ),
    Vector(
        "L7",
        "/auth/token/refresh",
        {"refresh_token": "50001refresh"},
        "5BF3E7217E42A6CF49B1D63FA612C6A839A0F043BABFDD094547C198D76878A3",
        "D5CD10A51F17BB02E7D9D974D0F7C7BAFA502C460E0813AFB940B37D7CE22505",
        has_token=False,
    ),
)
