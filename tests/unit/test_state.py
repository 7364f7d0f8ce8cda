import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import DOMAIN, FULL, case, facts, found, image, value
from reportgen.nouns import Facts, Picture
from reportgen.phrases import images_phrase, number_phrase, score_phrase
from reportgen.pipeline import configured
from reportgen.settings import Settings
from reportgen.state import state


def rules(said: Facts) -> list[str]:
    return [item.rule for item in said.reviewer_items]


def text(said: Facts, rule: str) -> str:
    return "\n".join(item.text for item in said.reviewer_items if item.rule == rule)


def surfaces(said: Facts) -> list[str]:
    return [fact.surface for passage in said.passages for fact in passage.facts]


def test_the_full_study_says_what_the_specialists_example_says():
    said = facts(*FULL, weeks=(20, 3))
    assert [passage.region for passage in said.passages] == ["head", "thorax", "abdomen", "limbs"]
    assert surfaces(said) == [
        "the transventricular plane of the fetal head (image 2)",
        "the transthalamic plane of the fetal head (image 1)",
        "head circumference 176.2 mm (image 1)",
        "biparietal diameter 47.6 mm (image 1)",
        "an axial plane of the fetal thorax (image 5)",
        "an axial plane of the fetal abdomen (image 3)",
        "abdominal circumference 150.4 mm (image 3)",
        "a longitudinal plane of the femur (image 4)",
        "femur length 32.1 mm (image 4)",
    ]
    assert [item.text for item in said.reviewer_items] == [
        "Image 6: view not determined (highest score 0.41, Head, transcerebellar).",
        "Head, transcerebellar: not recognised on any image of this study.",
        "BPD: no centile, because the caliper convention was not stated.",
    ]
    assert [(row.abbr, row.value, row.centile, row.note) for row in said.biometry] == [
        ("HC", "176.2", "42", None),
        ("BPD", "47.6", None, "a"),
        ("AC", "150.4", "40", None),
        ("FL", "32.1", "41", None),
    ]
    assert said.biometry_notes == (("a", "The chart needs outer-to-outer calipers."),)
    assert "INTERGROWTH-21st fetal growth standard (2014), singleton" in said.biometry_caption
    assert "Number of fetuses not stated." in said.biometry_caption
    assert [(row.display, row.score, row.candidates) for row in said.views] == [
        ("Head, transthalamic", "0.96", ()),
        ("Head, transventricular", "0.74", (("Head, transthalamic", "0.19"),)),
        ("Abdomen, axial", "0.97", ()),
        ("Femur, longitudinal", ">0.99", ()),
        ("Thorax, axial", "0.91", ()),
        ("not determined", None, (("Head, transcerebellar", "0.41"), ("Head, transventricular", "0.33"))),
    ]
    assert said.checklist is not None
    assert said.checklist.not_recognised == ("Head, transcerebellar",)
    assert len(said.checklist.recognised) == 5
    assert "5 of 6 recognised" in said.checklist.text[0]
    assert "21 of 26" in said.reliability[0]


def test_facts_are_numbered_through_the_case_and_the_same_twice():
    said = facts(*FULL, weeks=(20, 3))
    assert [fact.id for fact in said.all] == [f"F{n}" for n in range(1, len(said.all) + 1)]
    assert said == facts(*FULL, weeks=(20, 3))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.70, 0.20), "recognised"),
        ((0.90, 0.70), "recognised"),  # a margin of exactly 0.2 in decimals
        ((0.69, 0.10), "uncertain"),
        ((0.70, 0.51), "uncertain"),
        ((0.50, 0.10), "uncertain"),
        ((0.49, 0.01), "undetermined"),
    ],
)
def test_score_and_margin_decide_the_state(scores: tuple[float, float], expected: str):
    said = facts(
        image(1, ("Femur", scores[0]), ("Thorax", scores[1])),
        classifier={"name": "x", "score_kind": "sigmoid"},
    )
    assert said.views[0].state == expected


def test_one_candidate_has_a_known_margin_only_in_a_softmax():
    assert facts(image(1, ("Femur", 0.8))).views[0].state == "recognised"
    unknown = facts(image(1, ("Femur", 0.8)), classifier={"name": "x", "score_kind": "sigmoid"})
    assert unknown.views[0].state == "uncertain"
    assert surfaces(unknown) == ["a longitudinal plane of the femur (image 1, uncertain)"]


def test_a_threshold_may_be_a_views_own():
    own = configured(DOMAIN, Settings(thresholds={"per_view": {"femur_fl": {"recognised": {"score": 0.9}}}}))
    assert facts(image(1, ("Femur", 0.85)), domain=own).views[0].state == "uncertain"
    assert facts(image(1, ("Thorax", 0.85)), domain=own).views[0].state == "recognised"
    lower = configured(DOMAIN, Settings(thresholds={"recognised": {"score": 0.5}}))
    assert facts(image(1, ("Femur", 0.62)), domain=lower).views[0].state == "recognised"


def test_an_uncertain_view_is_told_with_its_next_candidate_in_one_surface():
    said = facts(image(1, ("Femur", 0.55), ("Thorax", 0.3)), image(2, ("Thorax", 0.9)))
    assert (
        "a longitudinal plane of the femur (image 1, uncertain; next candidate an axial plane of the fetal "
        "thorax)" in surfaces(said)
    )
    kinds = {fact.kind: fact.required for passage in said.passages for fact in passage.facts}
    assert kinds == {"view": True, "candidate": False}
    assert (
        text(said, "uncertain")
        == "Image 1: view uncertain (Femur, longitudinal 0.55; next Thorax, axial 0.30)."
    )


def test_near_ties_are_pointed_out():
    said = facts(image(1, ("Femur", 0.52), ("Thorax", 0.45)), image(2, ("Thorax", 0.9)))
    assert rules(said).count("near_tie") == 1
    assert "Femur, longitudinal 0.52; Thorax, axial 0.45" in text(said, "near_tie")


def test_images_of_one_view_share_a_fact():
    said = facts(*(image(n, ("Femur", 0.9)) for n in (1, 2, 3)), image(4, ("Thorax", 0.9)))
    assert "a longitudinal plane of the femur (images 1-3)" in surfaces(said)
    assert [f.surface for f in said.printed if f.kind == "duplicate_view"] == [
        "Femur, longitudinal: recognised on images 1-3."
    ]


def test_more_than_three_images_of_one_kind_share_an_item():
    said = facts(*(image(n, ("Femur", 0.3)) for n in range(1, 6)))
    assert text(said, "undetermined") == "Images 1-5: view not determined."
    assert [f.surface for f in said.printed if f.kind == "undetermined"] == [
        "The views of images 1-5 were not determined."
    ]
    assert said.passages == ()


def test_equal_checksums_are_one_picture():
    one = case(image(1, ("Femur", 0.9)), image(2, ("Femur", 0.9)))
    pictures = [Picture(image_id=f"i{n}", sha256="a" * 64) for n in (1, 2)]
    said = state(found(one, *pictures), DOMAIN)
    assert text(said, "duplicate_image") == "Images 1 and 2 are the same picture (equal checksum)."


def test_a_set_of_values_is_neither_averaged_nor_chosen_nor_narrated():
    def with_values(*numbers: float) -> Facts:
        return facts(
            image(1, ("Trans-thalamic", 0.9), measurements=[value("HC", n) for n in numbers]), weeks=(20, 0)
        )

    close = with_values(172.0, 174.0)
    assert "2 values were supplied (172.0 mm and 174.0 mm)" in text(close, "measurement_set")
    assert [row.value for row in close.biometry] == ["172.0", "174.0"]
    assert not any("circumference" in surface for surface in surfaces(close))
    far = with_values(150.0, 174.0)
    assert "differ by more than 10 per cent" in text(far, "measurement_conflict")
    assert "measurement_set" not in rules(far)


def test_a_measurement_on_a_view_that_does_not_carry_it():
    said = facts(image(1, ("Thorax", 0.9), measurements=[value("FL", 32.1)]))
    assert "FL was recorded on image 1, whose view is Thorax, axial" in text(
        said, "measurement_view_mismatch"
    )
    lost = facts(image(1, ("Femur", 0.3), measurements=[value("FL", 32.1)]))
    assert "whose view is not determined" in text(lost, "measurement_view_mismatch")
    fine = facts(image(1, ("Thorax", 0.9), measurements=[value("FHR", 145, "bpm")]))
    assert "measurement_view_mismatch" not in rules(fine)


@pytest.mark.parametrize(
    ("more", "reason", "footnote"),
    [
        ({}, "no gestational age was supplied", "No gestational age was supplied."),
        (
            {"gestational_age": [{"weeks": 20}, {"weeks": 21}]},
            "no supplied gestational age is marked as used",
            "No supplied gestational age is marked as used.",
        ),
        ({"weeks": (12, 0)}, "outside the chart", "The chart covers 14+0 to 40+0."),
        (
            {"gestational_age": [{"weeks": 20, "basis": "HC", "used": True}]},
            "is or may be based on this or a related measurement",
            "The gestational age is or may be based on this or a related measurement.",
        ),
        (
            {"gestational_age": [{"weeks": 20, "basis": "ultrasound", "used": True}]},
            "is or may be based on this or a related measurement",
            "The gestational age is or may be based on this or a related measurement.",
        ),
        ({"weeks": (20, 0), "exam": {"fetuses": 2}}, "for one fetus", "The charts are for one fetus."),
    ],
)
def test_no_centile_without_its_conditions(more: dict[str, object], reason: str, footnote: str):
    said = facts(image(1, ("Trans-thalamic", 0.9), measurements=[value("HC", 172.0)]), **more)
    assert said.biometry[0].centile is None
    assert reason in text(said, "centile_withheld")
    assert said.biometry_notes == (("a", footnote),)


def test_the_only_age_is_the_used_one_and_a_crl_age_does_not_bar_the_head():
    said = facts(
        image(1, ("Trans-thalamic", 0.9), measurements=[value("HC", 172.5)]),
        gestational_age=[{"weeks": 20, "basis": "CRL"}],
    )
    assert said.biometry[0].centile == "50"
    assert "Dating basis not stated." not in said.biometry_caption


@pytest.mark.parametrize(
    ("convention", "centile", "note"),
    [("outer-outer", "49", None), ("outer-inner", None, "a"), (None, None, "a")],
)
def test_a_chart_is_read_only_with_its_own_calipers(
    convention: str | None, centile: str | None, note: str | None
):
    bpd = value("BPD", 48.4, **({"convention": convention} if convention else {}))
    said = facts(image(1, ("Trans-thalamic", 0.9), measurements=[bpd]), weeks=(20, 0))
    assert (said.biometry[0].centile, said.biometry[0].note) == (centile, note)


def test_a_weight_needs_its_formula():
    weight = value("EFW", 1900, "g")
    said = facts(image(1, ("Abdomen", 0.9), measurements=[weight]), weeks=(32, 0))
    assert "the formula of the weight was not stated" in text(said, "centile_withheld")
    named = facts(
        image(1, ("Abdomen", 0.9), measurements=[{**weight, "convention": "Hadlock 1985 HC-AC-FL"}]),
        weeks=(32, 0),
    )
    assert named.biometry[0].centile is not None


@pytest.mark.parametrize(
    ("measurement", "weeks", "says"),
    [
        (value("HC", 420.0), (38, 0), "outside the range in which values are expected (60 to 400 mm)"),
        (value("CL", 3.2), (20, 0), "it looks like a value in cm"),
        (value("FL", 10.0), (20, 0), "far from the chart at 20+0 (more than 5 standard deviations)"),
        (
            value("HC", 150.0),
            (20, 0),
            "outside the configured limits of the chart at 20+0 (3rd to 97th centile)",
        ),
        (value("ATRIUM", 11.0), (20, 0), "at or above the configured limit of 10 mm"),
        (
            value("CL", 20.0, convention="transvaginal"),
            (20, 0),
            "at or below the configured limit of 25 mm",
        ),
    ],
)
def test_values_outside_the_limits_are_pointed_out(
    measurement: dict[str, object], weeks: tuple[int, int], says: str
):
    said = facts(image(1, ("Femur", 0.9), measurements=[measurement]), weeks=weeks)
    assert says in text(said, "outside_limits")


@pytest.mark.parametrize(
    ("measurement", "weeks"),
    [
        (value("HC", 172.0), (20, 0)),
        (value("ATRIUM", 11.0), None),  # the rule needs an age
        (value("CL", 20.0), (20, 0)),  # the route was not stated
        (value("NT", 4.0), (12, 0)),  # no crown-rump length between 45 and 84 mm
    ],
)
def test_a_rule_is_applied_only_under_its_conditions(
    measurement: dict[str, object], weeks: tuple[int, int] | None
):
    assert "outside_limits" not in rules(
        facts(image(1, ("Femur", 0.9), measurements=[measurement]), weeks=weeks)
    )


def test_nuchal_translucency_is_judged_with_a_fitting_crown_rump_length():
    both = [value("NT", 4.0), value("CRL", 62.0)]
    said = facts(image(1, ("Standard_NT", 0.9), measurements=both), weeks=(12, 3))
    assert "NT 4.0 mm (image 1): at or above the configured limit of 3.5 mm" in text(said, "outside_limits")


def test_ages_that_differ_and_views_that_do_not_fit_the_age_are_warned_of():
    said = facts(
        image(1, ("Standard_NT", 0.9)),
        gestational_age=[{"weeks": 20, "basis": "LMP", "used": True}, {"weeks": 22, "basis": "CRL"}],
    )
    assert "differ by 14 days (20+0 LMP and 22+0 CRL)" in text(said, "ga_discrepancy")
    assert "at 20+0: such a view is expected between 11+0 and 14+1" in text(said, "ga_view_conflict")


def test_views_of_two_examinations_in_one_study():
    said = facts(image(1, ("Standard_NT", 0.9)), image(2, ("Trans-thalamic", 0.9)), image(3, ("Cervix", 0.9)))
    assert "first trimester and second or third trimester" in text(said, "mixed_exam")
    assert "mixed_exam" not in rules(facts(image(1, ("Femur", 0.9)), image(2, ("Cervix", 0.9))))


def test_the_stated_examination_wins_and_one_image_has_no_checklist():
    growth = facts(*FULL, weeks=(20, 3), exam={"type": "growth"})
    assert growth.checklist is not None
    assert growth.checklist.chosen == "stated"
    assert growth.checklist.text[0] == (
        'Checklist "growth" (as stated): 3 of 3 views that this classifier can name were recognised.'
    )
    assert facts(image(1, ("Femur", 0.9)), weeks=(20, 3)).checklist is None
    assert facts(*FULL).checklist is None


def test_views_that_the_classifier_cannot_name_are_not_called_unrecognised():
    named = {"name": "x", "score_kind": "softmax", "label_set": ["Femur", "Thorax", "Abdomen"]}
    images = [image(n, (label, 0.9)) for n, label in ((1, "Femur"), (2, "Thorax"))]
    said = facts(*images, weeks=(20, 0), classifier=named)
    assert said.checklist is not None
    assert said.checklist.not_recognised == ("Abdomen, axial",)
    assert "Head, transthalamic" in said.checklist.not_recognisable


def test_published_figures_are_printed_for_the_classifier_they_belong_to_only():
    single = facts(image(1, ("Trans-thalamic", 0.824), ("Trans-ventricular", 0.11)))
    assert single.reliability[0].endswith("had it rightly in 21 of 26.")
    assert (
        facts(image(1, ("Femur", 0.9)), classifier={"name": "x", "score_kind": "softmax"}).reliability == ()
    )
    weak = facts(image(1, ("Non_standard_NT", 0.9)))
    assert "right in 5 of 18 images" in text(weak, "label_reliability")


def test_labels_without_scores_are_reported_and_pointed_out():
    images = [{"image_id": "i1", "predictions": [{"label": "Fetal femur"}]}]
    said = facts(*images, classifier={"name": "x", "score_kind": "none"})
    assert said.views[0].state == "recognised"
    assert said.views[0].score is None
    assert "supplied without a score" in text(said, "score_missing")
    assert "No scores were supplied." in said.limits
    assert "carries a view label" in said.method[0]


def test_limits_follow_the_case():
    single = facts(image(1, ("Femur", 0.9)))
    assert "One image: no view checklist applies." in single.limits
    assert "No measurement was supplied and none was made." in single.limits
    assert "Label order not verifiable from this input." in single.limits
    assert any('"Cervical" is ambiguous' in text for text in facts(image(1, ("Cervical", 0.9))).limits)


def test_measurements_of_a_model_and_of_twins_say_so():
    images = image(
        1,
        ("Trans-thalamic", 0.9),
        measurements=[
            {**value("HC", 172.0, fetus="A"), "source": "model"},
            value("HC", 168.0, fetus="B"),
        ],
    )
    said = facts(images, weeks=(20, 0), exam={"fetuses": 2})
    assert "head circumference, fetus A 172.0 mm, measured by a model (image 1)" in surfaces(said)
    assert "head circumference, fetus B 168.0 mm (image 1)" in surfaces(said)
    assert "measurement_set" not in rules(said)
    assert said.method[1].startswith("Measurements are the operator's or a model's")


def test_a_passage_has_at_most_eight_facts_and_the_tables_have_the_rest():
    names = ["HC", "BPD", "OFD", "TCD", "CM", "ATRIUM"]
    sizes = [172.0, 48.0, 60.0, 20.0, 5.0, 7.0]
    images = [
        image(
            1, ("Trans-thalamic", 0.9), measurements=[value(n, s) for n, s in zip(names, sizes, strict=True)]
        ),
        image(2, ("Trans-ventricular", 0.9)),
        image(3, ("Trans-cerebellum", 0.9)),
    ]
    said = facts(*images)
    assert len(said.passages[0].facts) == 8
    assert len(said.biometry) == 6
    assert any("at most eight facts" in text for text in said.limits)


@pytest.mark.parametrize(
    ("score", "printed"),
    [
        (0.824, "0.82"),
        (0.995, ">0.99"),
        (1.0, ">0.99"),
        (0.994, "0.99"),
        (0.004, "<0.01"),
        (0.0, "0.00"),
        (-0.0, "0.00"),
        (0.125, "0.13"),
    ],
)
def test_scores_have_two_decimals_and_are_never_one(score: float, printed: str):
    assert score_phrase(score) == printed


@pytest.mark.parametrize(
    ("number", "printed"), [(175.0, "175.0"), (47.63, "47.63"), (1e-05, "0.00001"), (100.0, "100.0")]
)
def test_values_are_printed_as_supplied(number: float, printed: str):
    assert number_phrase(number, 1) == printed


@given(st.sets(st.integers(1, 60), min_size=1))
def test_an_images_phrase_names_each_image_and_no_other(numbers: set[int]):
    phrase = images_phrase(DOMAIN, numbers).removeprefix("images ").removeprefix("image ")
    named: set[int] = set()
    for part in phrase.replace(" and ", ", ").split(", "):
        first, _, last = part.partition("-")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == numbers


def test_a_view_that_this_classifier_can_name_is_counted_and_fourteen_labels_have_no_published_figures():
    fourteen = {"name": "FADA classifier", "score_kind": "softmax", "label_set": "fada_14"}
    images = [image(1, ("CRL-View", 0.9)), image(2, ("Standard_NT", 0.9))]
    said = facts(*images, weeks=(12, 0), classifier=fourteen)
    assert said.checklist is not None
    assert said.checklist.recognised == ("Nuchal translucency, midsagittal", "Crown-rump")
    assert "crown-rump view" not in said.checklist.not_recognisable
    assert said.reliability == ()
    twelve = facts(*images[1:], image(3, ("Standard_NT", 0.8)), weeks=(12, 0))
    assert twelve.checklist is not None
    assert "crown-rump view" in twelve.checklist.not_recognisable
    assert twelve.reliability


@pytest.mark.parametrize("name", ["HC", "AC", "FL"])
def test_a_stated_convention_that_does_not_fit_the_chart_bars_the_centile(name: str):
    size = {"HC": 172.0, "AC": 148.0, "FL": 31.0}[name]
    view = {"HC": "Trans-thalamic", "AC": "Abdomen", "FL": "Femur"}[name]

    def centile(**more: object) -> str | None:
        measured = [value(name, size, **more)]
        return facts(image(1, (view, 0.9), measurements=measured), weeks=(20, 0)).biometry[0].centile

    assert centile() is not None
    assert centile(convention="outer-outer") is not None
    assert centile(convention="outer-inner") is None


def test_two_named_fetuses_bar_every_centile_and_are_told_apart():
    images = [
        image(1, ("Thorax", 0.9), measurements=[value("FL", 31.0, fetus="A"), value("FL", 30.0, fetus="B")]),
        image(2, ("Trans-thalamic", 0.9), measurements=[value("HC", 172.0)]),
    ]
    said = facts(*images, weeks=(20, 0))
    assert [row.centile for row in said.biometry] == [None, None, None]
    assert "FL (A) was recorded" in text(said, "measurement_view_mismatch")
    assert "FL (B) was recorded" in text(said, "measurement_view_mismatch")


def test_a_value_of_zero_is_not_blamed_on_the_age():
    said = facts(image(1, ("Trans-cerebellum", 0.9), measurements=[value("CM", 0.0)]), weeks=(20, 3))
    assert text(said, "centile_withheld") == "CM: no centile, because the value has no place on the chart."


def test_an_unspecified_ultrasound_age_bars_the_centile_of_the_crown_rump_length():
    ages = [{"weeks": 12, "days": 3, "basis": "ultrasound", "used": True}]
    said = facts(image(1, ("Standard_NT", 0.9), measurements=[value("CRL", 60.0)]), gestational_age=ages)
    assert said.biometry[0].centile is None


def test_only_the_whole_name_makes_it_the_published_classifier():
    other = {"name": "Not FADA: own ResNet", "score_kind": "softmax"}
    said = facts(image(1, ("Femur", 0.9)), classifier=other)
    assert said.reliability == ()
    assert 'the classifier "Not FADA: own ResNet"' in said.method[0]


def test_a_single_age_that_is_not_to_be_used_is_not_used():
    measured = image(1, ("Trans-thalamic", 0.9), measurements=[value("HC", 172.0)])
    said = facts(measured, gestational_age=[{"weeks": 20, "used": False}])
    assert "no supplied gestational age is marked as used" in text(said, "centile_withheld")


def test_labels_that_somebody_supplied_are_not_told_as_recognised():
    from reportgen.check import check_passage
    from reportgen.narrate import fixed_sentences

    images = [{"image_id": "i1", "predictions": [{"label": "Fetal femur"}]}]
    passage = facts(*images, classifier={"name": "people", "score_kind": "none"}).passages[0]
    assert fixed_sentences(passage, DOMAIN) == "[[F1]] was given as a view label."
    for wrong in ("The classifier recognised [[F1]].", "[[F1]] was recognised."):
        assert not check_passage(wrong, passage.slots, passage.id, DOMAIN).accepted


def test_scored_and_unscored_images_of_one_view_are_two_facts():
    images = [
        {"image_id": "i1", "predictions": [{"label": "Femur"}]},
        image(2, ("Femur", 0.99), ("Thorax", 0.005)),
    ]
    said = facts(*images, classifier={"name": "FADA", "score_kind": "unknown"}, weeks=(20, 0))
    assert [(fact.surface, fact.carrier) for fact in said.passages[0].facts] == [
        ("a longitudinal plane of the femur (image 1)", "label"),
        ("a longitudinal plane of the femur (image 2)", None),
    ]
    assert said.checklist is None
    assert any("labels were supplied without scores" in limit for limit in said.limits)


def test_a_supplied_label_has_no_published_figures():
    images = [{"image_id": f"i{n}", "predictions": [{"label": "Femur"}]} for n in (1, 2)]
    said = facts(*images, classifier={"name": "FADA", "score_kind": "unknown"})
    assert said.reliability == ()
    assert said.method[0].startswith("Each image carries a view label")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            {"gestational_age": [{"weeks": 20}, {"weeks": 21}]},
            "no supplied gestational age is marked as used",
        ),
        (
            {"weeks": (20, 0), "exam": {"type": "single_image"}},
            "The stated examination has no view checklist.",
        ),
        ({}, "neither the examination nor a gestational age"),
    ],
)
def test_the_limits_say_why_there_is_no_checklist(more: dict[str, object], says: str):
    said = facts(image(1, ("Femur", 0.9)), image(2, ("Thorax", 0.9)), **more)
    assert any(says in limit for limit in said.limits)


def test_one_image_has_no_checklist_whatever_was_stated():
    said = facts(image(1, ("Femur", 0.9)), weeks=(20, 0), exam={"type": "mid_trimester"})
    assert said.checklist is None
    assert "One image: no view checklist applies." in said.limits


def test_a_set_names_the_conventions_of_its_values():
    both = [value("BPD", 47.0, convention="outer-outer"), value("BPD", 41.0, convention="outer-inner")]
    said = facts(image(1, ("Trans-thalamic", 0.9), measurements=both))
    assert "47.0 mm (outer-outer) and 41.0 mm (outer-inner)" in text(said, "measurement_conflict")


def test_of_several_labels_without_a_score_none_is_chosen():
    images = [{"image_id": "i1", "predictions": [{"label": "Thorax"}, {"label": "Femur"}]}]
    said = facts(*images, classifier={"name": "x", "score_kind": "none"})
    assert said.views[0].state == "undetermined"
    assert text(said, "undetermined") == "Image 1: view not determined."
    part = [{"image_id": "i1", "predictions": [{"label": "Thorax", "score": 0.9}, {"label": "Femur"}]}]
    mixed = facts(*part, classifier={"name": "x", "score_kind": "unknown"})
    assert (
        text(mixed, "uncertain") == "Image 1: view uncertain (Thorax, axial 0.90; next Femur, longitudinal)."
    )
