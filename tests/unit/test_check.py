import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import DOMAIN, FULL, facts
from reportgen.check import check_draft, check_passage, climb, refusal
from reportgen.narrate import fixed_sentences, prompt_for
from reportgen.nouns import Completion, Fact, Passage

PASSAGES = json.loads((Path(__file__).parent.parent / "drafts/passages.json").read_text("utf-8"))
KINDS = {
    "recognised": {"kind": "view"},
    "uncertain": {"kind": "candidate"},
    "recorded": {"kind": "measurement"},
    "supplied": {"kind": "view", "carrier": "label"},
}
FACTS = facts(*FULL, weeks=(20, 3))
HEAD = FACTS.passages[0]
GOOD = "The software recognised [[F1]] and [[F2]]; [[F3]] and [[F4]] were recorded."


def codes(text: str) -> set[str]:
    verdict = check_passage(text, HEAD.slots, HEAD.id, DOMAIN)
    found = {objection.code for sentence in verdict.sentences for objection in sentence.objections}
    assert verdict.accepted == (not found and not verdict.missing)
    return found | ({"missing"} if verdict.missing else set())


def test_a_good_draft_is_accepted_with_its_evidence():
    verdict = check_passage(GOOD, HEAD.slots, HEAD.id, DOMAIN)
    assert verdict.accepted
    assert verdict.sentences[0].evidence == ("F1", "F2", "F3", "F4")


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        ("", "empty"),
        (" \n", "empty"),
        (GOOD.replace("[[F4]]", "[[F5]]"), "slot_unknown"),
        (GOOD.replace("[[F4]]", "[[F3]]"), "slot_repeated"),
        (GOOD + " [[F1]] was recognised.", "slot_repeated"),
        (GOOD + " The software recognised.", "no_slot"),
        (GOOD[:-1], "unfinished"),
        (GOOD.replace("[[F3]]", "[[F3]] 3 mm"), "digit"),
        (GOOD.replace("The software", "The twelve software"), "number_word"),
        (
            "Three views of this region were recognised: [[F1]] and [[F2]]. [[F3]] and [[F4]] were recorded.",
            "count",
        ),
        (GOOD.replace("recognised", "beautifully recognised"), "word"),
        (GOOD.replace("recognised", "recognised "), "spacing"),
        (GOOD.replace("[[F1]]", "[[F1] ]"), "slot_broken"),
        (GOOD + " <b>", "markup"),
        (GOOD.replace("a", "а"), "character"),  # a Cyrillic letter
        (GOOD.replace(" and", "\u202e and"), "bidi"),
        (GOOD.replace(" and", "\x07 and"), "control"),
        (GOOD.replace("software", "so\ufb01ware"), "compatibility"),
        (f"<start_of_turn>model {GOOD}", "special_token"),
        (f"Facts: {GOOD}", "special_token"),
        (GOOD.replace("recognised", "recognised recognised recognised"), "repeat"),
        (GOOD.replace("recognised", "not recognised"), "negation"),
        (GOOD.replace("[[F1]]", "normal [[F1]]"), "normality"),
        (GOOD.replace("recognised", "demonstrated"), "observation"),
        (GOOD.replace("[[F1]]", "an adequate [[F1]]"), "adequacy"),
        (GOOD.replace("recognised", "probably recognised"), "certainty"),
        (GOOD.replace("[[F1]]", "a mild [[F1]]"), "severity"),
        (GOOD.replace("recorded", "unchanged"), "time"),
        (GOOD.replace(" and [[F2]]", " rather than [[F2]]"), "comparison"),
        (GOOD.replace(";", ", therefore"), "cause"),
        (GOOD[:-1] + " and should be repeated.", "advice"),
        (GOOD.replace("[[F1]]", "male [[F1]]"), "sex"),
        (GOOD.replace("[[F1]]", "left [[F1]]"), "laterality"),
        (GOOD.replace("The software", "The doctor"), "identity"),
        (GOOD.replace("; ", ";\n"), "line_break"),
        (GOOD * 60, "too_long"),
        ("The software recorded [[F1]] and [[F2]]; [[F3]] and [[F4]] were recorded.", "carrier"),
        ("[[F3]] was recognised. " + GOOD, "carrier_kind"),
    ],
)
def test_each_objection_has_its_code(draft: str, code: str):
    assert code in codes(draft)


def test_a_fact_that_is_not_told_is_missing():
    verdict = check_passage("The software recognised [[F1]].", HEAD.slots, HEAD.id, DOMAIN)
    assert verdict.missing == ("F2", "F3", "F4")


def test_a_cut_off_draft_is_refused_even_if_it_ends_well():
    assert not check_passage(GOOD, HEAD.slots, HEAD.id, DOMAIN, cut_off=True).accepted


def test_spans_point_into_the_sentence():
    draft = f"{GOOD} The spine is normal."
    verdict = check_passage(draft, HEAD.slots, HEAD.id, DOMAIN)
    words = [s.text[slice(*o.span)] for s in verdict.sentences for o in s.objections if o.code == "word"]
    assert words == ["spine"]


def test_a_model_that_loops_is_refused_in_no_time():
    begun = time.process_time()
    assert "repeat" in codes("the head of the fetal head of the " * 60 + ".")
    assert codes(" ".join(f"the head{n} of the" for n in range(200)) + ".")
    assert time.process_time() - begun < 2


def test_local_slots_are_checked_before_they_are_translated():
    """A slot that the passage lacks must not become a fact of another passage, which has that number."""
    thorax = FACTS.passages[1]
    assert thorax.facts[0].id == "F5"
    assert not check_passage("The software recognised [[F5]].", thorax.slots, thorax.id, DOMAIN).accepted
    assert check_passage("The software recognised [[F1]].", thorax.slots, thorax.id, DOMAIN).accepted


DANGEROUS = [
    "The femur length measures 32.1 mm.",
    "Intracranial structures are unremarkable.",
    "Ventriculomegaly cannot be excluded.",
    "No further follow-up is required.",
    "The external genitalia appear male.",
    "Growth is on the fiftieth centile.",
    "The left lateral ventricle is dilated.",
    "This is a final report.",
    "I'm sorry, I can't provide medical advice.",
    "<pad><pad><pad>",
    '{"plane": "trans-thalamic"}',
]


@pytest.mark.parametrize("sentence", DANGEROUS)
def test_nothing_that_the_record_does_not_hold_is_accepted(sentence: str):
    for draft in (sentence, f"{sentence} {GOOD}", f"{GOOD} {sentence}", GOOD.replace(".", f", {sentence}")):
        assert codes(draft), draft


@given(
    st.lists(
        st.sampled_from(sorted({*re.findall(r"\w+", GOOD.replace("F", "")), "not", "no", "normal", "left"})),
        max_size=3,
    ),
    st.integers(0, 12),
)
def test_words_put_in_anywhere_never_slip_through(words: list[str], place: int):
    """Whatever is inserted, the draft is refused or is still a sentence of the language with every fact."""
    tokens = GOOD.split(" ")
    draft = " ".join([*tokens[:place], *words, *tokens[place:]])
    if words and {"not", "no", "normal", "left"} & set(words):
        assert codes(draft)


def test_a_whole_draft_is_checked_block_by_block():
    texts = [
        re.sub(r"F(\d+)", lambda m, p=p: p.slots[m[0]].id, fixed_sentences(p, DOMAIN)) for p in FACTS.passages
    ]
    assert check_draft("\n\n".join(texts), FACTS.passages, DOMAIN).accepted
    moved = check_draft("\n\n".join([texts[1], texts[0], *texts[2:]]), FACTS.passages, DOMAIN)
    assert not moved.accepted
    assert not check_draft("\n\n".join(texts[:-1]), FACTS.passages, DOMAIN).accepted
    surplus = check_draft("\n\n".join([*texts, "The software recognised [[F1]]."]), FACTS.passages, DOMAIN)
    assert surplus.sentences[-1].objections[0].code == "passage"


def answer(text: str, **more: object) -> Completion:
    return Completion.model_validate({"prompt_id": "p", "text": text, **more})


@pytest.mark.parametrize(
    ("free", "second", "rung", "origin"),
    [
        (None, None, "deterministic", "template"),
        (answer(GOOD), None, "free", "model"),
        (answer(f"Here is the passage. {GOOD}"), None, "repaired", "model"),
        (answer("Normal."), answer(GOOD), "constrained", "model_constrained"),
        (answer("Normal."), answer("Normal."), "deterministic", "template"),
        (answer("Normal."), answer("", error="out of memory"), "deterministic", "template"),
        (answer(GOOD, finish="length"), answer(GOOD), "constrained", "model_constrained"),
    ],
)
def test_the_ladder_takes_the_first_rung_that_holds(
    free: Completion | None, second: Completion | None, rung: str, origin: str
):
    told = climb(HEAD, free, second, fixed_sentences(HEAD, DOMAIN), DOMAIN)
    assert (told.rung.rung, set(told.origins)) == (rung, {origin})
    assert {fact for s in told.sentences for fact in s.evidence} == {fact.id for fact in HEAD.facts}
    assert bool(told.rung.reasons) == (free is not None and rung != "free")
    if free is not None:
        assert (refusal(HEAD, free, DOMAIN) is not None) == (rung in {"constrained", "deterministic"})


def test_a_fact_told_first_by_a_sentence_that_falls_is_kept_where_it_is_told_well():
    told = climb(HEAD, answer(f"[[F1]] looks normal. {GOOD}"), None, fixed_sentences(HEAD, DOMAIN), DOMAIN)
    assert told.rung.rung == "repaired"
    assert [sentence.text for sentence in told.sentences] == [GOOD]


VIEWS = "The software recognised [[F1]] and [[F2]]."


@pytest.mark.parametrize(
    ("second", "rung"),
    [
        ("[[F1]] and [[F2]] were recorded.", "constrained"),
        ("[[F1]] was recorded.", "deterministic"),
        ("[[F1]] and [[F2]] were recorded, and [[F3]] was noted.", "deterministic"),
        ("The software recognised [[F1]]. [[F2]] was recorded.", "deterministic"),
    ],
)
def test_the_second_answer_tells_only_what_the_first_left_out(second: str, rung: str):
    free = answer(f"{VIEWS} [[F3]] and [[F4]] are normal.")
    refused = refusal(HEAD, free, DOMAIN)
    assert refused is not None
    assert [sentence.text for sentence in refused.kept] == [VIEWS]
    assert refused.left == HEAD.facts[2:]
    told = climb(HEAD, free, answer(second), fixed_sentences(HEAD, DOMAIN), DOMAIN)
    assert told.rung.rung == rung
    if rung == "constrained":
        assert [sentence.text for sentence in told.sentences] == [VIEWS, "[[F3]] and [[F4]] were recorded."]
        assert told.origins == ("model", "model_constrained")


def test_a_sentence_that_leans_on_one_that_falls_does_not_stay():
    free = answer("The software recognised [[F1]] as normal. It also recognised [[F2]].")
    refused = refusal(HEAD, free, DOMAIN)
    assert refused is not None
    assert not any(sentence.text.startswith("It") for sentence in refused.kept)
    assert refused.left == HEAD.facts


def test_passages_that_lack_the_same_fact_share_their_second_prompt():
    def second(text: str) -> str:
        refused = refusal(HEAD, answer(text), DOMAIN)
        assert refused is not None
        return prompt_for(HEAD, DOMAIN, refusal=refused.objections, left=refused.left).id

    assert second(f"{VIEWS} [[F3]] was recorded.") == second(f"[[F3]] was recorded. {VIEWS}")
    assert second(f"{VIEWS} [[F3]] was recorded.") != second(f"{VIEWS} [[F4]] was recorded.")


def test_the_second_prompt_says_what_was_wrong_and_nothing_of_the_answer():
    refused = refusal(HEAD, answer("[[F9]] of Anna Example is normal 38."), DOMAIN)
    assert refused is not None
    prompt = prompt_for(HEAD, DOMAIN, refusal=refused.objections, left=refused.left)
    last = prompt.messages[-1][1]
    assert "A tag is not a fact of this passage." in last
    assert "Numbers are put in by code only." in last
    assert "A fact was left out." in last
    assert not re.search("F9|Anna|38", last)
    assert prompt.grammar


def test_reasons_are_codes_and_name_the_try():
    told = climb(HEAD, answer("Normal."), answer("", error="x"), fixed_sentences(HEAD, DOMAIN), DOMAIN)
    assert set(told.rung.reasons) >= {"no_slot", "normality", "slot_missing", "constrained:engine_error"}


def test_the_fixed_sentences_of_every_mix_of_facts_pass_the_check():
    from cases import image, value

    sizes = {"HC": 172.0, "BPD": 48.0, "TCD": 20.0}
    for scores in ((0.9, 0.05), (0.55, 0.3)):
        for count in range(4):
            measured = [value(name, sizes[name]) for name in list(sizes)[:count]]
            images = [
                image(1, ("Trans-thalamic", scores[0]), ("Femur", scores[1]), measurements=measured),
                image(2, ("Trans-ventricular", 0.9)),
            ]
            for passage in facts(*images).passages:
                text = fixed_sentences(passage, DOMAIN)
                assert check_passage(text, passage.slots, passage.id, DOMAIN).accepted, text


def test_a_prompt_shows_slots_kinds_and_names_and_no_value():
    prompt = prompt_for(HEAD, DOMAIN)
    assert [role for role, _ in prompt.messages] == ["system", "user", "assistant", "user"]
    last = prompt.messages[-1][1]
    assert last.splitlines()[1:] == [
        "[[F1]] recognised view: the transventricular plane of the fetal head",
        "[[F2]] recognised view: the transthalamic plane of the fetal head",
        "[[F3]] recorded measurement: head circumference",
        "[[F4]] recorded measurement: biparietal diameter",
    ]
    shown = " ".join(text for _, text in prompt.messages)
    assert not re.search(r"\d", re.sub(r"\[\[F\d\]\]", "", shown))
    assert "image 1" not in shown


def test_the_worked_examples_of_the_prompt_pass_the_check():
    """A model that copies their style must not be refused."""
    told = set()
    for passage in [*PASSAGES, *({"facts": [f]} for p in PASSAGES for f in p["facts"])]:
        of = Passage.model_validate_json(
            json.dumps({"id": "P1", "region": "head", "facts": passage["facts"]})
        )
        messages = prompt_for(of, DOMAIN).messages
        for (_, shown), (_, reply) in zip(messages[1:-1:2], messages[2::2], strict=True):
            slots = {
                m[1]: Fact.model_validate(
                    {
                        "id": m[1],
                        "name": "x",
                        "surface": "x",
                        "images": ("a",),
                        "required": True,
                        **KINDS[m[2]],
                    }
                )
                for m in re.finditer(r"\[\[(F\d)\]\] (\w+)", shown)
            }
            assert check_passage(reply, slots, "P", DOMAIN).accepted, reply
            told.add(reply)
    assert len(told) > 60


def test_the_worked_example_has_the_kinds_of_the_passage_and_no_others():
    for passage in PASSAGES:
        facts_ = [Fact.model_validate_json(json.dumps(fact)) for fact in passage["facts"]]
        of = Passage(id="P1", region="head", facts=tuple(facts_))
        _, example, _, last = (text for _, text in prompt_for(of, DOMAIN).messages)
        kinds = [re.findall(r"^\[\[F\d\]\] ([^:]+):", text, re.MULTILINE) for text in (example, last)]
        assert set(kinds[0]) == set(kinds[1])
        assert all(kinds[0].count(kind) == min(kinds[1].count(kind), 4) for kind in kinds[0])


def test_equal_evidence_gives_equal_prompts_whatever_the_values():
    other = facts(
        *json.loads(json.dumps(FULL).replace("176.2", "180.9").replace("0.96", "0.88")), weeks=(21, 0)
    )
    assert [prompt_for(p, DOMAIN).id for p in other.passages] == [
        prompt_for(p, DOMAIN).id for p in FACTS.passages
    ]
    assert prompt_for(HEAD, DOMAIN).id != prompt_for(HEAD, DOMAIN, refusal=()).id


@pytest.mark.parametrize(
    "draft",
    [
        "The submitted images were recognised as [[F1]] and [[F2]].",
        "In this study, two views were recognised: [[F1]] and [[F2]].",
        "The recognised view was [[F1]]; the recognised view was [[F2]].",
        "Among the images of this study, the recognised views were [[F1]] and [[F2]].",
        "The views recognised in this examination were [[F1]] and [[F2]].",
        "In the submitted images, the view recognised was [[F1]]. [[F2]] was recognised.",
        "On the submitted images, the following views were recognised: [[F1]] and [[F2]].",
    ],
)
def test_nothing_is_said_of_the_study_that_is_true_of_a_region_only(draft: str):
    assert {"carrier", "carrier_kind", "count"} & codes(f"{draft} [[F3]] and [[F4]] were recorded.")


def test_a_candidate_of_several_images_is_not_told_of_one():
    text = "The leading candidate for one image was [[F1]]."
    from cases import image

    passage = facts(
        image(1, ("Femur", 0.55), ("Thorax", 0.3)), image(2, ("Femur", 0.55), ("Thorax", 0.3))
    ).passages[0]
    assert not check_passage(text, passage.slots, passage.id, DOMAIN).accepted


def test_a_count_is_that_of_all_facts_of_its_kind():
    assert not codes(
        "Two views of this region were recognised: [[F1]] and [[F2]]. [[F3]] and [[F4]] were recorded."
    )
    three = dict(HEAD.slots) | {"F5": HEAD.facts[0].model_copy(update={"id": "F99"})}
    draft = "Two views of this region were recognised: [[F1]] and [[F2]]. [[F5]] was recognised."
    verdict = check_passage(f"{draft} [[F3]] and [[F4]] were recorded.", three, "P", DOMAIN)
    assert [o.code for s in verdict.sentences for o in s.objections] == ["count"]
