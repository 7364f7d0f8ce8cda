"""The canary: a model that loads may still compute rubbish, so it writes a little before anything real.

What is refused, and the failure it stands for:

* a logit that is not a number: an overflow (Gemma 3 in float16), damaged weights, a broken kernel;
* nothing but padding and end tokens, or an empty answer: the same, further on;
* to each question one token over and over: a kernel or quantisation that returns constants;
* for a model with at least ten million weights beside its embeddings: a plain English sentence is as
  surprising to it as random letters. Weights and tokenizer do not belong together, or the quantisation
  destroyed the model. Smaller ones (random models in tests) know no language and are not judged on it.
"""

import math

import torch

from reportgen.engines.hf_load import does_not_fit, is_out_of_memory, quiet
from reportgen.engines.hf_write import Refused, Writer
from reportgen.errors import EngineError
from reportgen.nouns.words import Prompt

__all__ = ["sing"]

_SYSTEM = "You write one plain sentence of an ultrasound report."
#: Two of different length, so that the batch is padded as real ones are.
_QUESTIONS = (
    "Repeat this sentence: The ultrasound image was recorded.",
    "Say in one short sentence that the software recognised the view of the image and that it was recorded.",
)
_ANSWER = "The ultrasound image was recorded."
_NEW_TOKENS = 16
_JUDGED_FROM = 10_000_000
#: Most surprise a token, as a part of that of a uniform guess. Working models stay far below, random ones
#: are at 1.
_TOLERATED = 0.3


def sing(writer: Writer) -> str:
    """Run the canary.

    Returns:
        What was found, for the provenance.

    Raises:
        EngineError: The model computes rubbish here, or does not fit.
    """
    try:
        return _sing(writer)
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise does_not_fit(str(writer.loaded.info.model), writer.loaded.info.precision) from error
        raise _rubbish(writer, f"fails as it computes ({type(error).__name__})") from error
    except Refused as error:
        raise _rubbish(writer, "refuses a question that every chat model takes") from error


def _sing(writer: Writer) -> str:
    prompts = [Prompt(messages=(("system", _SYSTEM), ("user", question))) for question in _QUESTIONS]
    rows = [writer.encode(prompt, _NEW_TOKENS) for prompt in prompts]
    inputs, attention = writer.pad([row.tokens for row in rows])
    with torch.inference_mode(), quiet():
        logits = writer.loaded.model(input_ids=inputs, attention_mask=attention).logits[:, -1].float()
    if not bool(torch.isfinite(logits).all()):
        raise _rubbish(writer, "computes values that are not numbers")
    answers = writer.write(rows, _NEW_TOKENS)
    if not all(answer.text for answer in answers):
        raise _rubbish(writer, "answers nothing (only padding or end tokens)")
    if all(len(answer.tokens) > 4 and len(set(answer.tokens)) == 1 for answer in answers):
        raise _rubbish(writer, "answers with one token over and over")
    if writer.loaded.model.num_parameters(exclude_embeddings=True) < _JUDGED_FROM:
        return "numbers and variety passed; too small to be judged on language"
    surprise = _surprise(writer, rows[0].tokens)
    if not surprise < _TOLERATED:
        raise _rubbish(writer, "knows no English")
    return f"passed; surprise at a plain sentence {surprise:.2f} of a random guess"


def _surprise(writer: Writer, question: list[int]) -> float:
    """Mean negative log likelihood of a sensible answer, as a part of that of a uniform guess."""
    answer = writer.loaded.tokenizer(_ANSWER, add_special_tokens=False)["input_ids"]
    inputs, attention = writer.pad([question + answer])
    with torch.inference_mode(), quiet():
        logits = writer.loaded.model(input_ids=inputs, attention_mask=attention).logits[0].float()
    likelihood = torch.log_softmax(logits[len(question) - 1 : -1], dim=-1)
    loss = -likelihood[torch.arange(len(answer)), torch.tensor(answer)].mean()
    return float(loss) / math.log(writer.vocabulary)


def _rubbish(writer: Writer, what: str) -> EngineError:
    info = writer.loaded.info
    return EngineError(
        f"The model {info.model} at {info.precision} on {info.device} {what}; nothing was written with it.",
        "Try another --precision (bf16, fp32) or --device cpu; if it stays so, fetch the weights again.",
    )
