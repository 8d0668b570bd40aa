"""Control of faults."""

from fastapi import APIRouter, HTTPException

from sandbox.faults import ActiveFault, ErrorAfter, ErrorBefore, Fault, StatusAfter
from sandbox.market.platform import AnyPlatform
from sandbox.market.refusal import Words


def fault_routes(platform: AnyPlatform) -> APIRouter:
    """Routes about what goes wrong."""
    router = APIRouter(prefix="/faults")
    faults = platform.faults

    @router.get("")
    async def active() -> list[ActiveFault]:
        return faults.active()

    @router.post("", status_code=201)
    async def add(body: Fault) -> ActiveFault:
        return faults.add(_in_words(body, platform.words))

    @router.delete("", status_code=204)
    async def clear() -> None:
        faults.clear()

    @router.delete("/{fault_id}", status_code=204)
    async def remove(fault_id: int) -> None:
        if not faults.remove(fault_id):
            raise HTTPException(404, f"There is no such thing: {fault_id}.")

    return router


def _in_words(fault: Fault, words: Words) -> Fault:
    """The fault with the platform's names for what was left open; a status must be one of its."""
    if isinstance(fault, ErrorBefore | ErrorAfter):
        return fault.model_copy(update={"error": fault.error or words.server_error.error})
    if not isinstance(fault, StatusAfter):
        return fault
    status = fault.status or words.hidden_statuses[0]
    if status not in words.hidden_statuses:
        raise HTTPException(422, f"status: must be one of {', '.join(words.hidden_statuses)}.")
    return fault.model_copy(update={"status": status})
