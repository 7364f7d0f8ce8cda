"""The quick part of bench/fidelity.py: nothing unsupported ships, correct words do, a weak check is seen."""

import random
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

import fidelity
import forgeries
import judge
import mutants
from correct import Drafts, hand_written, kinds_of
from reportgen.carriers import carriers_of
from reportgen.check import check_passage, ladder
from reportgen.domain import load_domain
from reportgen.narrate import fixed_sentences
from reportgen.nouns import Check, Completion
from written import words_of

DOMAIN = load_domain()
PROSE = fidelity.prose_of(fidelity.PROSE.read_text("utf-8"))
TINY = fidelity.Size(records=5, each=3, prose=1, reports=2, forged=1, pdfs=0)


@pytest.fixture(scope="module")
def figures() -> fidelity.Figures:
    return fidelity.measured(DOMAIN, PROSE, fidelity.QUICK, seed=1)


@pytest.fixture(scope="module")
def some() -> tuple[list, list]:
    """A few cases, and correct drafts of their passages."""
    prepared = judge.cases(TINY.records, 2, DOMAIN)
    hands, rng = Drafts(DOMAIN, hand_written("tuning")), random.Random(2)
    passages = [passage for case in prepared for passage in case.facts.passages]
    return prepared, [draft for passage in passages for draft in hands.of(passage, rng)]


def wrong(some: tuple[list, list]) -> fidelity.Tally:
    return fidelity.drafts_wrong(*some, DOMAIN, TINY, random.Random(3), prose=PROSE)


def test_nothing_unsupported_ships(figures: fidelity.Figures) -> None:
    assert figures.shipped == []
    assert figures.drafts.made > 2000
    assert figures.reports.made > 150


def test_every_operator_makes_mutants_and_its_own_codes_catch_them(figures: fidelity.Figures) -> None:
    assert not figures.drafts.empty + figures.reports.empty
    strays = {name: row.strayed for name, row in figures.drafts.rows.items() if row.strays}
    assert not strays
    assert not figures.reports.strays


def test_correct_drafts_ship_and_true_reports_are_not_doubted(figures: fidelity.Figures) -> None:
    assert not figures.doubted
    assert figures.hands.made["grammar"] or not find_spec("llguidance")
    assert not figures.hands.refused["fixed"] + figures.hands.refused["grammar"]
    # The aim is 2 in 100. These are what was reached, so that a change that refuses more is noticed.
    for name, most in (("held", 0.02), ("tuning", 0.03)):
        drafts, refused = figures.refused[name]["drafts"], figures.refused[name]["refused"]
        assert drafts >= 300
        assert refused <= most * drafts, f"{name}: {refused} of {drafts}"
    assert not figures.refused["held"]["texts"]


def test_the_file_of_bad_prose_is_large_and_of_many_types() -> None:
    assert len(PROSE) >= 120
    assert len({one.type for one in PROSE}) >= 30
    assert len({one.text for one in PROSE}) == len(PROSE)


def test_the_records_mix_labels_with_and_without_scores_and_such_passages_can_be_told() -> None:
    passages = [passage for case in judge.cases(120, 1, DOMAIN) for passage in case.facts.passages]
    mixed = [passage for passage in passages if {"label", "view"} <= set(kinds_of(passage))]
    assert mixed
    for passage in mixed:
        text = fixed_sentences(passage, DOMAIN)
        assert check_passage(text, passage.slots, passage.id, DOMAIN).accepted, text


def test_a_lexicon_that_knows_a_dangerous_word_is_noticed(
    some: tuple[list, list], monkeypatch: pytest.MonkeyPatch
) -> None:
    carriers = carriers_of(DOMAIN)
    monkeypatch.setattr(carriers, "words", carriers.words | {"normal"})
    monkeypatch.setattr(fidelity, "sources", lambda *_: mutants.Sources(["normal"], {}))
    assert wrong(some).rows["dangerous word inserted"].strays


def test_a_check_that_is_deaf_to_strange_words_is_noticed(
    some: tuple[list, list], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = ladder.check_passage
    deaf_to = {"word", *DOMAIN.never_words}

    def deaf(*args: object, **options: object) -> Check:
        found = honest(*args, **options)
        heard = [
            one.model_copy(update={"objections": tuple(o for o in one.objections if o.code not in deaf_to)})
            for one in found.sentences
        ]
        accepted = not found.missing and not any(one.objections for one in heard)
        return found.model_copy(update={"sentences": tuple(heard), "accepted": accepted})

    monkeypatch.setattr(ladder, "check_passage", deaf)
    tally = wrong(some)
    assert tally.rows["dangerous word inserted"].shipped
    assert tally.rows["negation inserted"].shipped
    assert tally.rows["prose around a slot"].shipped


def test_a_reading_that_is_blind_is_noticed(some: tuple[list, list], monkeypatch: pytest.MonkeyPatch) -> None:
    one = forgeries.made(some[0][0], {}, DOMAIN)
    monkeypatch.setattr(forgeries, "faults_in_text", lambda *_: [])
    monkeypatch.setattr(forgeries, "faults_in_pdf_text", lambda *_: ["page 1, line 900 (elsewhere)"])
    found = list(forgeries.forgeries(one, DOMAIN, random.Random(1), 2, whole=False))
    assert all(f.shipped for f in found if f.operator.startswith("txt"))
    assert {code for f in found if f.operator.startswith("pdf") for code in f.codes} == {"elsewhere"}


def test_the_words_of_a_model_are_counted(some: tuple[list, list]) -> None:
    """Every other answer of this writer is our own sentence, the others are told to nobody."""

    class Writer:
        info = SimpleNamespace(name="writer")

        def generate(self, prompts, parameters):
            for number, prompt in enumerate(prompts):
                text = "Nothing is known." if number % 2 or prompt.grammar else texts[prompt.id]
                yield Completion(prompt_id=prompt.id, text=text, tokens=5)

    passages = fidelity.distinct(some[0], 6)
    texts = {
        prompt.id: fixed_sentences(passage, DOMAIN)
        for case in some[0]
        for passage, prompt in zip(case.facts.passages, case.prompts, strict=True)
    }
    words = words_of("writer", Writer(), passages, DOMAIN, choices=lambda *_: (4, 3))
    assert words.rungs == {"free": 3, "deterministic": 3}
    assert words.reasons["no_slot"] == words.reasons["constrained:no_slot"] == 3
    assert set(words.masked) <= words.fixed
    assert (words.answers, words.tokens, words.choice, words.single) == (9, 45, 12, 9)
    assert "3 of 6, 50.0 % (18.8-81.2)" in words.table()
