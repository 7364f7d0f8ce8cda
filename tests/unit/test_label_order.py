"""A model read through another model's label list names wrong views: caught wherever it can be seen."""

import pytest

from cases import DOMAIN, case
from reportgen.errors import InputError
from reportgen.label_order import DECLARED, place_of, same_label, verified_order
from reportgen.nouns import Case

F12 = DOMAIN.label_orders["fada_12"].labels
F14 = DOMAIN.label_orders["fada_14"].labels


def a_case(*images: list[tuple], **classifier) -> Case:
    block = {"name": "x", "score_kind": "unknown", **classifier}
    return case(
        *(
            {
                "image_id": f"i{n}",
                "predictions": [
                    dict(zip(("label", "index", "score"), entry, strict=False)) for entry in image
                ],
            }
            for n, image in enumerate(images)
        ),
        classifier=block,
    )


def order(*images: list[tuple], **classifier) -> str | None:
    one = a_case(*images, **classifier)
    return verified_order(one.classifier, one.images, DOMAIN)


def refused(*images: list[tuple], **classifier) -> InputError:
    with pytest.raises(InputError) as caught:
        order(*images, **classifier)
    return caught.value


def vector(labels, index: bool = True) -> list[tuple]:
    return [(label, n) if index else (label,) for n, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (vector(F12), "fada_12"),
        (vector(F12, index=False), "fada_12"),
        (vector(F14), "fada_14"),
        (vector(F14, index=False), "fada_14"),
        ([("Femur", 4)], "fada_12"),
        ([("Aorta", 1)], "fada_12"),
        ([("Femur",)], None),
        ([("CRL-View",)], None),
        ([("Femur", 4), ("Aorta",)], None),
        (vector(["Abdomen", *F12[1:]]), "fada_12"),
    ],
)
def test_an_undeclared_order(image: list[tuple], expected: str | None) -> None:
    assert order(image) == expected


def test_the_known_fault_twelve_outputs_looked_up_in_fourteen_labels() -> None:
    assert refused(vector(F14[:12])).path == "images[0].predictions[2].index"
    assert refused(vector(F14[:12], index=False)).path == "images[0].predictions[2].label"


def test_every_wrong_lookup_of_one_best_index_is_caught_but_the_first_two() -> None:
    for n in range(2, 12):
        assert "Label order" in refused([(F14[n], n)]).problem
    for n in range(2):
        assert order([(F14[n], n)]) == "fada_12"


def test_an_index_that_only_the_long_list_has_must_be_declared() -> None:
    error = refused([("Trans-thalamic", 12)])
    assert "fit only the label list 'fada_14'" in error.problem
    assert 'classifier.label_set "fada_14"' in error.cure
    assert order([("Trans-thalamic", 12)], label_set="fada_14") == "fada_14"
    assert order([("Trans-thalamic", 12)], vector(F14)) == "fada_14"


def test_twelve_candidates_with_a_label_of_the_long_list() -> None:
    labels = [*F12[:11], "CRL-View"]
    assert refused(vector(labels, index=False)).path == "images[0].predictions[11].label"


def test_the_ten_best_of_a_whole_vector_count_as_one() -> None:
    image = [(label, None, 0.1) for label in F14[:10]]
    image = [{"label": label, "score": 0.1} for label, _, _ in image]
    one = case({"image_id": "i", "predictions": image}, classifier={"name": "x", "score_kind": "softmax"})
    with pytest.raises(InputError, match="fit only the label list 'fada_14'"):
        verified_order(one.classifier, one.images, DOMAIN)
    image = [{"label": label, "score": 0.1} for label in F12[:10]]
    one = case({"image_id": "i", "predictions": image}, classifier={"name": "x", "score_kind": "softmax"})
    assert verified_order(one.classifier, one.images, DOMAIN) == "fada_12"


def test_one_image_without_evidence_leaves_the_order_open() -> None:
    assert order([("Femur", 4)], [("Aorta",)]) is None
    assert order([("Femur", 4)], [("Aorta", 1)]) == "fada_12"


def test_images_of_one_case_must_agree() -> None:
    error = refused(vector(F12), vector(F14))
    assert "Label order" in error.problem
    assert refused([("Femur", 4)], [("Femur", 5)]).path == "images[1].predictions[0].index"


def test_a_declared_list() -> None:
    own = ["Thorax", "Femur", "Aorta"]
    assert order([("Femur", 1)], label_set=own) == DECLARED
    assert order([("Femur",)], label_set=own) is None
    assert order(vector(own, index=False), label_set=own) == DECLARED
    assert order([("femur", 4)], label_set=list(F12)) == "fada_12"
    assert refused([("Femur", 2)], label_set=own).path == "images[0].predictions[0].index"
    assert refused([("Cervix", 2)], label_set=own).path == "images[0].predictions[0].label"
    assert refused([("Femur",), ("thigh longitudinal",), ("FL plane",)], label_set=own[:2]).path == (
        "images[0].predictions"
    )
    assert refused([("Femur",)], label_set=["Femur", "FEMUR"]).path == "classifier.label_set[1]"
    assert "fada_12" in refused([("Femur",)], label_set="nonsense").cure


def test_a_list_without_an_order_says_nothing_of_an_index() -> None:
    assert order([("Fetal femur",)], label_set="fetal_planes_db") == "fetal_planes_db"
    assert order([("Fetal femur", 3)], label_set="fetal_planes_db") is None
    assert refused([("Aorta",)], label_set="fetal_planes_db").path == "images[0].predictions[0].label"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Trans-thalamic", "transthalamic", True),
        ("Abdomen", "Abodomen", True),
        ("Aortic Arch", "Aorta", True),
        ("Standard_NT", "NT-View", False),
        ("Nuchal Translucency View", "Standard_NT", False),
        ("Other", "Fetal brain, other plane", False),
        ("Femur", "Aorta", False),
        ("Femur", "no label", False),
    ],
)
def test_spellings_of_one_class(one: str, other: str, same: bool) -> None:
    assert same_label(one, other, DOMAIN) is same
    assert same_label(other, one, DOMAIN) is same


def test_places() -> None:
    assert place_of("abdomen", F12, DOMAIN) == 0
    assert place_of("NT-View", F12, DOMAIN) is None
    assert place_of("Nuchal Translucency View", F14, DOMAIN) is None
    assert place_of("Fetal Head Position", F14, DOMAIN) == 8


def test_entries_of_a_declared_list_are_classes_of_their_own() -> None:
    from reportgen.read.checks import check_case

    image = [("Abdomen", 0, 0.5), ("AC plane", 1, 0.25)]
    check_case(a_case(image, label_set=["Abdomen", "AC plane"]), DOMAIN)
    with pytest.raises(InputError, match="stands twice"):
        check_case(a_case([("Abdomen",), ("AC plane",)]), DOMAIN)
    with pytest.raises(InputError, match="stands twice"):
        check_case(a_case([("Abdomen",), ("Abdomen",)], label_set=["Abdomen", "AC plane"]), DOMAIN)
