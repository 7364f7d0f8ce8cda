"""Draft to verdict: which sentences may ship, on what evidence, and what speaks against the others."""

from reportgen.check.draft import SENTENCE, check_draft, check_passage
from reportgen.check.ladder import Told, climb, refusal
from reportgen.check.structure import STRUCTURE

__all__ = ["SENTENCE", "STRUCTURE", "Told", "check_draft", "check_passage", "climb", "refusal"]
