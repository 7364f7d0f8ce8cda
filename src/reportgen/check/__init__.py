"""Draft to verdict: which sentences may ship, on what evidence, and what speaks against the others."""

from reportgen.check.draft import check_draft, check_passage
from reportgen.check.ladder import Told, climb, refusal

__all__ = ["Told", "check_draft", "check_passage", "climb", "refusal"]
