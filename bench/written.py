"""What a real model makes of passages: rungs of the ladder, reasons of refusal, how free its words are."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from correct import SLOT
from reportgen.check import check_passage, climb, refusal
from reportgen.domain import Domain
from reportgen.engines.base import Engine, Parameters
from reportgen.intervals import wilson
from reportgen.narrate import fixed_sentences, prompt_for
from reportgen.nouns import Completion, Passage, Prompt
from reportgen.pipeline import Prepared
from tally import markdown, share

__all__ = ["Choices", "Words", "choices_of", "distinct", "words_of"]

RUNGS = ("free", "repaired", "constrained", "deterministic")
#: By grammar and answer how many tokens it has, and how many of them were the only legal one.
Choices = Callable[[str, str], tuple[int, int]]


@dataclass
class Words:
    """The words of one model under one prompt.

    Attributes:
        reasons: Passages by code of what was refused.
        masked: Sentences of the model that would be put out, each slot replaced by ``[]``.
        fixed: Our own sentences of the same passages, masked alike.
        single: Tokens of constrained answers that were the only legal ones; ``choice`` are all tokens.
    """

    name: str
    passages: int = 0
    rungs: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    fixed: set[str] = field(default_factory=set)
    answers: int = 0
    prompt_tokens: int = 0
    tokens: int = 0
    single: int = 0
    choice: int = 0
    wall_s: float = 0.0

    def table(self) -> str:
        """The figures, as Markdown."""
        own = sum(self.masked.values())
        ours = sum(number for text, number in self.masked.items() if text in self.fixed)
        rows = [(f"rung: {rung}", share(self.rungs[rung], self.passages)) for rung in RUNGS]
        rows += [(f"refused for {code}", share(n, self.passages)) for code, n in self.reasons.most_common()]
        rows += [
            ("answers", f"{self.answers:,} for {self.passages:,} passages, {self.wall_s:.0f} s"),
            ("tokens", f"{self.tokens:,} written, {self.prompt_tokens:,} read"),
            ("constrained tokens with one legal choice", share(self.single, self.choice)),
            ("the model's sentences", f"{own:,}, of these {len(self.masked):,} distinct with slots masked"),
            ("equal to one of ours", share(ours, own)),
        ]
        return markdown((self.name, "share or number (95 % interval)"), rows, text={0, 1})

    def plain(self) -> dict[str, Any]:
        """For a JSON file."""
        intervals = {rung: wilson(self.rungs[rung], self.passages) for rung in RUNGS}
        return {**vars(self), "fixed": sorted(self.fixed), "intervals": intervals}


def distinct(cases: Iterable[Prepared], most: int) -> list[Passage]:
    """Passages whose prompts differ, the first ``most``."""
    found: dict[str, Passage] = {}
    for case in cases:
        for passage, prompt in zip(case.facts.passages, case.prompts, strict=True):
            found.setdefault(prompt.id, passage)
    return list(found.values())[:most]


def words_of(
    name: str, engine: Engine, passages: Sequence[Passage], domain: Domain, choices: Choices | None = None
) -> Words:
    """Have the model write these passages, as a run does, and count.

    Raises:
        EngineError: The engine is lost.
    """
    words, begun = Words(name, len(passages)), time.perf_counter()
    firsts = [prompt_for(passage, domain) for passage in passages]
    free = _answered(engine, firsts, words)
    refused = {
        prompt.id: refusal(passage, free[prompt.id], domain)
        for passage, prompt in zip(passages, firsts, strict=True)
    }
    again = {
        prompt.id: prompt_for(passage, domain, refusal=why.objections, left=why.left)
        for passage, prompt in zip(passages, firsts, strict=True)
        if (why := refused[prompt.id]) is not None
    }
    bound = _answered(engine, again.values(), words)
    for passage, prompt in zip(passages, firsts, strict=True):
        second = again.get(prompt.id)
        answer = bound[second.id] if second else None
        fixed = fixed_sentences(passage, domain)
        told = climb(passage, free[prompt.id], answer, fixed, domain)
        words.rungs[told.rung.rung] += 1
        words.reasons.update(set(told.rung.reasons))
        ours = check_passage(fixed, passage.slots, passage.id, domain).sentences
        words.fixed |= {_masked(sentence.text) for sentence in ours}
        if told.rung.rung != "deterministic":
            words.masked.update(_masked(sentence.text) for sentence in told.sentences)
        if choices and second and second.grammar and answer and answer.text:
            number, single = choices(second.grammar, answer.text)
            words.choice += number
            words.single += single
    words.wall_s = time.perf_counter() - begun
    return words


def _masked(sentence: str) -> str:
    return SLOT.sub("[]", sentence)


def _answered(engine: Engine, prompts: Iterable[Prompt], words: Words) -> dict[str, Completion]:
    asked = {prompt.id: prompt for prompt in prompts}
    answers = {one.prompt_id: one for one in engine.generate(asked.values(), Parameters())}
    words.answers += len(answers)
    words.tokens += sum(one.tokens for one in answers.values())
    words.prompt_tokens += sum(one.prompt_tokens for one in answers.values())
    return answers


def choices_of(model: str) -> Choices:
    """Counts legal tokens with a model's tokenizer: how much of a constrained answer was its own choice."""
    import torch
    from transformers import AutoTokenizer

    from reportgen.engines import store
    from reportgen.engines.grammar import Grammars
    from reportgen.engines.presets import describe

    folder = store.find(describe(model))
    assert folder is not None, "the engine was loaded from this folder"
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    size, end = len(tokenizer), int(tokenizer.eos_token_id)
    grammars = Grammars(tokenizer, size, [end])

    def choices(grammar: str, text: str) -> tuple[int, int]:
        masking = grammars.mask([grammar])
        assert masking is not None
        written = [*tokenizer.encode(text, add_special_tokens=False), end]
        legal = [
            int((masking(torch.tensor([[before]]), torch.zeros(1, size)) > -1).sum())
            for before in [end, *written[:-1]]
        ]
        return len(legal), legal.count(1)

    return choices
