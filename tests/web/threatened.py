"""A case of two drafts that is answered in a second: no threat keeps one of them, a pledge keeps the other."""

from __future__ import annotations

from functools import cache

from servanda.case.loading import find

NAME = "threatened"
TITLE = "The pledge that keeps a contract"
DRAFTS = ("contract", "covenant")
_COVENANT = """
  covenant:
    title: Covenant with a pledge
    form: contract
    phases:
      - name: in_force
        owes: {hosting: {conduct: {must: [honour]}}}
    breach:
      hosting: {leads_to: collapse, effects: {trust: broken}, price: {host: {pledge lost: 20}}}
    exit:
      abroad: {effects: {trust: broken}, price: {investor: {what it has sunk: 1}}}
      hosting: {effects: {trust: broken}, price: {host: {pledge lost: 20}}}

frictions:
  temptation: {title: Much to be seized, mechanism: The host gains by breaking., off: {gain: 2}}

payoffs:
"""


@cache
def text() -> str:
    """The case as written: a contract that nothing keeps, the same with a pledge, and a temptation to switch off."""
    written = find("theory/pledge").read_text(encoding="utf-8").replace("case: pledge\n", f"case: {NAME}\n")
    return written.replace("\npayoffs:\n", _COVENANT)
