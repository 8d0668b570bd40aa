"""How findings are said: lines for people, JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from edge.doctor.finding import Finding

VERSION = 1
"""Of the JSON form. Fields may be added; none is renamed, removed or given another meaning."""


def lines(finding: Finding) -> Iterator[str]:
    """One finding for people."""
    yield f"{'ok   ' if finding.ok else 'WRONG'} {finding.subject}: {finding.text}"
    if finding.to_do:
        yield f"      to do: {finding.to_do}"


def as_json(findings: Sequence[Finding]) -> str:
    """All findings for programs (docs/for-it.md)."""
    whole = {
        "version": VERSION,
        "ok": all(finding.ok for finding in findings),
        "findings": [asdict(finding) for finding in findings],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)
