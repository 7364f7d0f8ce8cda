"""What each figure of a comparison means, and what none of them says."""

from collections.abc import Mapping

from reportgen.desk.compare.noun import FEW, RungName

__all__ = ["LIMITS", "MEANINGS", "RUNG_WORDS"]

RUNG_WORDS: Mapping[RungName, str] = {
    "free": "free",
    "repaired": "repaired",
    "constrained": "constrained",
    "deterministic": "fixed",
}
MEANINGS: Mapping[str, str] = {
    "who": (
        "Batch: prompts that are written at once, or requests in flight to a server. Weights and "
        "prompt.jinja are named by the beginning of their SHA-256."
    ),
    "speed": (
        "Load is from nothing to a model that has answered its canary; warm-up is in no figure. Memory is "
        "the most that the contestant's own process held, GPU the most that PyTorch set aside there; a "
        "server's is not seen. Tokens are those written, in the engine's own time; a report runs from a "
        "case in memory to a checked record, without printing. Intervals are 95 %, by bootstrap over "
        "portions."
    ),
    "words": (
        "Free: the model's first answer holds as it is. Repaired: what was refused of it could be left out. "
        "Constrained: it was asked again under a grammar. Fixed: the sentence that needs no model. "
        "Intervals are 95 %, after Wilson, over passages, each counted as if it were independent of the "
        "others of its case."
    ),
    "refused": (
        "Passages by what was objected to, explained code by code in docs/guard.md; a passage may have "
        'several. With "constrained:" it is the second answer. A refusal costs time and a model\'s words, '
        "never the truth of a report."
    ),
    "differences": (
        'The same cases, and portions, are drawn for both. "Not told apart": the 95 % interval includes '
        f'zero. "Too few to tell": fewer than {FEW} cases or portions. Of twenty differences one is told '
        "apart by chance where there is none."
    ),
    "agreement": (
        "Equal answers: of the prompts that all of them answered, those with the same text, letter by "
        "letter. Equal sentences: of the passages that all of them told in a model's words, those with the "
        "same sentences. It is no measure of being right: two models may share a habit."
    ),
    "sentences": (
        "Sentences of models that shipped, with tags such as [[F1]] where the program puts facts in; they "
        'are distinct if they differ in a word. "As the fixed ones": passages whose words are the fixed '
        "ones after all."
    ),
}
_JUDGED = (
    "No person has judged any text here. That a sentence was accepted means that it says nothing beyond "
    "the record. It does not mean that it reads well, and a model with more free passages is no better "
    "radiologist."
)
_HERE = (
    "Speed and memory are those of this machine, these versions and these portions. A run reuses what "
    "it has written before, and brings its engine more prompts at once."
)
_LIKE = (
    "The intervals say how figures may differ for further cases like these. Other examinations, "
    "classifiers or languages are not covered."
)
LIMITS = (
    _JUDGED,
    _HERE,
    _LIKE,
    f"Of fewer than {FEW} passages, cases or portions no interval is given.",
)
