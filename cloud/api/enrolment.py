"""POST /api/v1/enrolment: a table hands in its claim code and gets its credentials."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from cloud.fleet.enrolment import Enrolment, EnrolmentRequest
from cloud.fleet.errors import ClaimRefused, DeviceNotAdmitted

PATH = "/api/v1/enrolment"


def enrolment_routes(enrolment: Enrolment) -> APIRouter:
    """The route, bound to the enrolment of this program."""
    router = APIRouter()

    @router.post(PATH)
    def enrol(request: EnrolmentRequest) -> Response:
        try:
            answer = enrolment.enrol(request)
        except ClaimRefused as error:
            return JSONResponse({"error": "claim-refused", "text": str(error)}, status_code=403)
        except DeviceNotAdmitted as error:
            return JSONResponse({"error": "not-admitted", "text": str(error)}, status_code=503)
        return JSONResponse(answer.model_dump(mode="json"), headers={"Cache-Control": "no-store"})

    return router
