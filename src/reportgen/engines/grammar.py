"""The constrained rung: at each step, only tokens with which the answer can still obey its grammar.

Rows of a batch with and without a grammar may be mixed; rows without one are left alone.
"""

import logging
from functools import lru_cache
from typing import Any

import llguidance.hf
import llguidance.numpy
import torch
from llguidance import LLMatcher

__all__ = ["Grammars", "Masking"]

_log = logging.getLogger(__name__)


class Grammars:
    """Grammars compiled for one tokenizer.

    Args:
        vocabulary: Number of logits of the model, which may be more than the tokenizer has tokens.
        ends: Tokens that end an answer. All of them, or a model that ends a turn with its own token
            would find that token forbidden and write optional parts for ever.
    """

    def __init__(self, tokenizer: Any, vocabulary: int, ends: list[int]) -> None:
        self._tokenizer = llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary, eos_token=ends)
        self._compiled = lru_cache(maxsize=256)(self._compile)
        self._vocabulary = vocabulary
        self._ends = ends

    def accepts(self, grammar: str) -> bool:
        """Whether this is a grammar. What is wrong with it goes to the debug log."""
        matcher = self._compiled(grammar)
        if matcher.is_error():
            _log.debug("grammar refused: %s", matcher.get_error())
        return not matcher.is_error()

    def mask(self, grammars: list[str | None]) -> "Masking | None":
        """A logits processor for one batch, or None if no row of it has a grammar."""
        matchers = {
            row: self._compiled(text).deep_copy() for row, text in enumerate(grammars) if text is not None
        }
        return Masking(matchers, self._vocabulary, self._ends) if matchers else None

    def _compile(self, grammar: str) -> Any:
        return LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(grammar), log_level=0)


class Masking:
    """A logits processor: bars every token that would break a row's grammar.

    Args:
        matchers: A fresh matcher for each row that has a grammar.
    """

    def __init__(self, matchers: dict[int, Any], vocabulary: int, ends: list[int]) -> None:
        self._matchers = matchers
        self._ends = ends
        self._rows = list(matchers)
        # llguidance's numpy door: its torch door compiles a kernel at the first mask, for half a minute.
        self._bits = llguidance.numpy.allocate_token_bitmask(len(matchers), vocabulary)
        self._started = False

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The scores of the next token, minus infinity where a grammar bars it."""
        for place, (row, matcher) in enumerate(self._matchers.items()):
            if self._started and not matcher.is_stopped():
                # After the row's end transformers pads it; the matcher refuses the padding and stops.
                matcher.consume_token(int(input_ids[row, -1]))
            if not matcher.is_stopped():
                llguidance.numpy.fill_next_token_bitmask(matcher, self._bits, place)
        self._started = True
        words = torch.from_numpy(self._bits).to(scores.device).unsqueeze(-1)
        allowed = (
            ((words >> torch.arange(32, device=scores.device)) & 1).flatten(1)[:, : scores.shape[1]].bool()
        )
        for place, matcher in enumerate(self._matchers.values()):
            if matcher.is_stopped():
                allowed[place] = False
                allowed[place, self._ends] = True
        masked = scores.clone()
        masked[self._rows] = scores[self._rows].masked_fill(~allowed, float("-inf"))
        return masked

    def obeyed(self, row: int, tokens: list[int]) -> bool:
        """Whether all ``tokens`` of a row (with the one that ended it) obey its grammar; True without one."""
        matcher = self._matchers.get(row)
        if matcher is None:
            return True
        fresh = matcher.deep_copy()
        return bool(fresh.reset()) and bool(fresh.consume_tokens(tokens)) and not fresh.is_error()
