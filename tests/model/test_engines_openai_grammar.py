"""The grammar that a server gets says the same as the prompt's: read by llguidance's own reader of GBNF."""

import random
from pathlib import Path
from typing import Any

import pytest
from llguidance import LLMatcher, LLTokenizer
from llguidance.gbnf_to_lark import gbnf_to_lark

from reportgen import read
from reportgen.check.draft import check_passage
from reportgen.domain import Domain, load_domain
from reportgen.engines.openai_grammar import gbnf
from reportgen.narrate import prompt_for
from reportgen.nouns import Passage
from reportgen.state import state

pytestmark = pytest.mark.model
SAMPLES = Path(__file__).parents[2] / "samples"
BYTES = LLTokenizer("byte")


def passages(domain: Domain, *samples: str) -> dict[str, Passage]:
    """By its grammar one passage of each shape in the samples."""
    found = [read.read_found(SAMPLES / name / f"{name}.json", domain) for name in samples]
    facts = [passage for one in found for passage in state(one, domain).passages]
    return {str(prompt_for(passage, domain, refusal=["no slot"]).grammar): passage for passage in facts}


def matcher(lark: str) -> Any:
    made = LLMatcher(BYTES, LLMatcher.grammar_from_lark(lark), log_level=0)
    assert not made.is_error(), made.get_error()
    return made


def takes(grammar: Any, text: str) -> bool:
    fresh = grammar.deep_copy()
    tokens = BYTES.tokenize_str(text)
    # consume_tokens would print the whole grammar where it fails.
    whole = fresh.validate_tokens(tokens) == len(tokens)
    return whole and fresh.consume_tokens(tokens) and fresh.is_accepting()


def sampled(grammar: Any, rng: random.Random) -> str:
    """A text of the grammar, byte by byte."""
    fresh, text = grammar.deep_copy(), bytearray()
    while not fresh.is_stopped():
        allowed = [token for token, bias in enumerate(fresh.compute_logit_bias()[:256]) if bias]
        if not allowed:
            break
        text.append(rng.choice(allowed))
        assert fresh.consume_token(text[-1])
    return text.decode()


def spoilt(text: str) -> list[str]:
    """Wrong in the ways that matter: a slot lost, told twice or made up; a word lost, added or cut off."""
    words = text.split(" ")
    return [
        text.replace("[[F1]]", "", 1),
        text.replace("[[F1]]", "[[F1]] and [[F1]]", 1),
        text.replace("[[F1]]", "[[F9]]", 1),
        f"{text} No abnormality was seen.",
        text[:-1],
        " ".join(words[1:]),
        text.replace(" ", " normal ", 1),
    ]


def test_the_translation_has_the_same_language():
    """Its own texts are put to the check: llguidance reads Lark through a lexer, which loses some of them."""
    domain, rng = load_domain(), random.Random(3)
    found = passages(domain, "mid_trimester_full", "twins", "near_ties", "cervical_length")
    assert len(found) > 6
    for lark, passage in found.items():
        translated = gbnf(lark)
        assert translated.startswith("root ::= ")
        ours, theirs = matcher(lark), matcher(gbnf_to_lark(translated))
        for text in [sampled(ours, rng) for _ in range(4)]:
            assert takes(theirs, text), text
            for wrong in spoilt(text):
                assert not takes(theirs, wrong), wrong
        for text in [sampled(theirs, rng) for _ in range(4)]:
            assert check_passage(text, passage.slots, passage.id, domain).accepted, text
