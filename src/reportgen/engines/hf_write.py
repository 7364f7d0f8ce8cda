"""One batch of prompts through a loaded model: left-padded, greedy, ended where the model ends or loops."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import jinja2
import torch
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from reportgen.engines import chat
from reportgen.engines.grammar import Grammars, Masking
from reportgen.engines.hf_load import Loaded, quiet
from reportgen.engines.prefixes import LEAST, Prefix, Prefixes
from reportgen.nouns.words import Prompt

__all__ = ["Refused", "Row", "Writer", "Written"]

#: Steps between two looks for a loop; each look copies the tokens from the device.
_LOOK_EVERY = 8


class Refused(Exception):  # noqa: N818
    """This prompt cannot be given to this model; the message says why, without its text."""


@dataclass(frozen=True)
class Row:
    """A prompt and its tokens, the first of which it may share with many others.

    Attributes:
        prefix: The beginning that is kept (see ``prefixes``); empty if none is.
    """

    prompt: Prompt
    tokens: list[int]
    prefix: Prefix = ()


@dataclass(frozen=True)
class Written:
    """What the model wrote for one row.

    Attributes:
        tokens: As written, up to and with the token that ended it.
        obeyed: Whether the row's grammar holds; True without one.
    """

    text: str
    tokens: list[int]
    finish: Literal["stop", "length"]
    obeyed: bool


class Writer:
    """Encodes prompts, writes batches, decodes answers.

    Attributes:
        ended: Set from any thread, it ends the batch that is written, with whatever it has.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.ended = False
        self.vocabulary: int = loaded.model.get_output_embeddings().weight.shape[0]
        self._grammars = Grammars(loaded.tokenizer, self.vocabulary, loaded.ends)
        self._prefixes = Prefixes(loaded.model)
        self._beginnings = lru_cache(maxsize=64)(self._beginning)
        thoughts = loaded.tokenizer.convert_tokens_to_ids(list(chat.THOUGHT_MARKS))
        self._hidden = set(loaded.tokenizer.all_special_ids) | set(loaded.ends)
        # A tokenizer that calls the marks special would drop them and leave the thought.
        self._hidden -= set(thoughts) - {loaded.tokenizer.unk_token_id}

    def encode(self, prompt: Prompt, max_new_tokens: int) -> Row:
        """The tokens of a prompt.

        Raises:
            Refused: The chat template does not take these roles, prompt and answer are too long for the
                model, or the grammar is none.
        """
        try:
            text = chat.render(self.loaded.tokenizer, prompt.messages, system=self.loaded.system)
        except jinja2.TemplateError:
            raise Refused("The model's chat template refuses this order of roles.") from None
        # The template has written <bos> already; a second one would change the answer.
        tokens = self.loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(tokens) + max_new_tokens > self.loaded.limit:
            raise Refused(
                f"The prompt has {len(tokens)} tokens and the answer may have {max_new_tokens}; "
                f"the model takes {self.loaded.limit} together."
            )
        if prompt.grammar is not None and not self._grammars.accepts(prompt.grammar):
            raise Refused("The grammar is not one that llguidance accepts.")
        prefix = self._beginnings(prompt.messages[:-1])
        shared = len(prefix) < len(tokens) and tuple(tokens[: len(prefix)]) == prefix
        return Row(prompt, tokens, prefix if shared else ())

    def write(self, rows: list[Row], max_new_tokens: int) -> list[Written]:
        """Write all rows as one batch.

        Raises:
            RuntimeError: The device failed; see ``hf_load.is_out_of_memory``.
        """
        mask = self._grammars.mask([row.prompt.grammar for row in rows])
        inputs, attention = self.pad([row.tokens[len(row.prefix) :] for row in rows])
        before, seen = self.pad([list(row.prefix) for row in rows])
        inputs, attention = torch.cat([before, inputs], 1), torch.cat([seen, attention], 1)
        width = inputs.shape[1]
        loops = _Loops(width, self._silent(), ended=lambda: self.ended)
        with torch.inference_mode(), quiet():
            output = self.loaded.model.generate(
                input_ids=inputs,
                attention_mask=attention,
                past_key_values=self._prefixes.under([row.prefix for row in rows], width + max_new_tokens),
                generation_config=self._settings(max_new_tokens),
                logits_processor=LogitsProcessorList([mask] if mask else []),
                stopping_criteria=StoppingCriteriaList([loops]),
            )
        # Tokens, not text, are cut off: decoding a prompt does not always give its text back.
        written = output[:, width:].tolist()
        return [self._answer(row, tokens, loops, mask) for row, tokens in enumerate(written)]

    def pad(self, rows: list[list[int]]) -> tuple[Any, Any]:
        """Input ids and attention mask, padded on the left, so that each row's last token is continued."""
        width, device = max(map(len, rows)), self.loaded.model.device
        filler = self.loaded.tokenizer.pad_token_id
        inputs = [[filler] * (width - len(row)) + row for row in rows]
        attention = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
        whole = {"device": device, "dtype": torch.long}
        return torch.tensor(inputs, **whole), torch.tensor(attention, **whole)

    def _beginning(self, messages: tuple[tuple[str, str], ...]) -> Prefix:
        """The tokens of all messages but the last, where there are worked examples among them."""
        if not any(role == "assistant" for role, _ in messages):
            return ()
        text = chat.render(self.loaded.tokenizer, messages, system=self.loaded.system, answer=False)
        tokens = self.loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
        return tuple(tokens) if LEAST <= len(tokens) < self._prefixes.longest else ()

    def _settings(self, max_new_tokens: int) -> Any:
        return GenerationConfig(
            do_sample=False,
            num_beams=1,
            max_new_tokens=max_new_tokens,
            eos_token_id=self.loaded.ends,
            pad_token_id=self.loaded.tokenizer.pad_token_id,
        )

    def _silent(self) -> set[int]:
        return {*self.loaded.ends, self.loaded.tokenizer.pad_token_id}

    def _answer(self, row: int, tokens: list[int], loops: "_Loops", mask: Masking | None) -> Written:
        looped = loops.found.get(row)
        tokens = tokens[:looped]
        end = next((place for place, token in enumerate(tokens) if token in self.loaded.ends), None)
        if end is not None:
            tokens = tokens[: end + 1]
        visible = [token for token in tokens if token not in self._hidden]
        text = self.loaded.tokenizer.decode(
            visible, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return Written(
            text=chat.without_thought(text),
            tokens=tokens,
            finish="length" if end is None else "stop",
            obeyed=mask is None or mask.obeyed(row, tokens),
        )


class _Loops:
    """A stopping criterion: ends a row that says the same over and over, which greedy decoding cannot leave.

    Attributes:
        found: Rows that loop, with the number of tokens written until that was seen.
    """

    def __init__(self, prompt_width: int, silent: set[int], ended: Callable[[], bool]) -> None:
        self.found: dict[int, int] = {}
        self._ended = ended
        self._width = prompt_width
        self._silent = silent

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:  # noqa: ARG002
        """Which rows are over, as a boolean tensor: those that loop, or all once nobody wants them."""
        if self._ended():
            return torch.ones(len(input_ids), dtype=torch.bool, device=input_ids.device)
        written = input_ids.shape[1] - self._width
        if written % _LOOK_EVERY == 0:
            for row, tokens in enumerate(input_ids[:, self._width :].tolist()):
                # Rows that ended are filled with padding, which is no loop.
                if row not in self.found and tokens[-1] not in self._silent and chat.repeats(tokens):
                    self.found[row] = written
        return torch.tensor([row in self.found for row in range(len(input_ids))], device=input_ids.device)
