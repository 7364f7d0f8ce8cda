import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest
import yaml

from reportgen import resources
from reportgen.carriers import carriers_of
from reportgen.domain import load_domain
from reportgen.equations import centile_of, evaluate, z_score
from reportgen.errors import DomainError

DOMAIN = load_domain()
RAW = yaml.safe_load((resources.folder("templates") / "fetal_ultrasound/domain.yaml").read_text("utf-8"))
TABLES = yaml.safe_load((Path(__file__).parents[1] / "data/published_tables.yaml").read_text("utf-8"))[
    "tables"
]


def codes(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if {"scheme", "code"} <= node.keys():
            yield path, node
        for key, below in node.items():
            yield from codes(below, f"{path}.{key}")
    elif isinstance(node, list):
        for number, below in enumerate(node):
            yield from codes(below, f"{path}[{number}]")


def loinc_is_valid(code: str) -> bool:
    """Mod-10 check digit (Luhn) of a LOINC code."""
    number, _, check = code.partition("-")
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return check.isdigit() and (10 - total % 10) % 10 == int(check)


def snomed_is_valid(code: str) -> bool:
    """Verhoeff check digit of a SNOMED CT identifier, by the dihedral group of ten."""

    def times(a: int, b: int) -> int:
        if a < 5:
            return (a + b) % 5 + (5 if b >= 5 else 0) if b < 5 else (a + b - 5) % 5 + 5
        return (a - 5 - b) % 5 + 5 if b < 5 else (a - b) % 5

    turn = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    check = 0
    for place, digit in enumerate(reversed(code)):
        moved = int(digit)
        for _ in range(place % 8):
            moved = turn[moved]
        check = times(check, moved)
    return check == 0


def test_the_check_digits_catch_a_wrong_digit():
    assert loinc_is_valid("11984-2")
    assert not loinc_is_valid("11984-3")
    assert not loinc_is_valid("11894-2")
    assert snomed_is_valid("89546000")
    assert not snomed_is_valid("89546001")
    assert not snomed_is_valid("89456000")


def test_every_loinc_and_snomed_code_has_a_right_check_digit():
    tests = {"LN": loinc_is_valid, "SCT": snomed_is_valid}
    checked = [
        (path, entry["code"], tests[entry["scheme"]](entry["code"]))
        for path, entry in codes(RAW)
        if entry["scheme"] in tests and not entry["code"].startswith("LP")
    ]
    assert len(checked) > 50
    assert [(path, code) for path, code, right in checked if not right] == []


def test_every_code_says_where_it_is_from_and_whether_it_was_verified():
    for path, entry in codes(RAW):
        assert "verified" in entry, path
        assert entry["source"] or entry["verified"] is False, path


@pytest.mark.parametrize("key", sorted(TABLES))
def test_equations_reproduce_the_published_tables(key: str):
    """Each cell of the table, put into the equation, gives its centile back, to the table's rounding."""
    equation = DOMAIN.biometry[key].equation
    assert equation is not None
    rounding = 0.5 if TABLES[key]["unit"] == "g" else 0.08
    cells = 0
    for row in TABLES[key]["rows"]:
        days = row.get("ga_days") or row["ga_weeks"] * 7
        for name, cell in row.items():
            if re.fullmatch(r"p\d+", name):
                expected = NormalDist().inv_cdf(int(name[1:]) / 100)
                low, high = (z_score(equation, cell + step, days) for step in (-rounding, rounding))
                assert low <= expected <= high, (key, row, name)
                cells += 1
    assert cells >= 84


def test_fourteen_views_with_names_regions_and_ages():
    assert len(DOMAIN.views) == 14
    for view in DOMAIN.views:
        assert view.display
        assert view.display_short
        assert 28 <= view.ga_days[0] < view.ga_days[1] <= 314
    printed = " ".join(view.display + view.display_short for view in DOMAIN.views)
    assert "Fetal Head Position" not in printed
    assert "four-chamber" not in printed.lower()


def test_labels_of_every_program_lead_to_a_view():
    assert DOMAIN.view_of("Abodomen") is DOMAIN.view_of("fetal abdomen") is DOMAIN.view("abdomen_ac")
    assert DOMAIN.view_of("trans_thalamic") is DOMAIN.view("transthalamic")
    assert DOMAIN.view_of("Fetal Head Position") is DOMAIN.view("transperineal_aop")
    assert DOMAIN.view_of("TV") is None
    assert DOMAIN.view_of("transabdominal") is None
    assert "Trans-thalamic" in DOMAIN.labels_like("Trans-talamic")


def test_every_source_that_is_cited_is_listed():
    cited = set(
        re.findall(
            r"\bS-[A-Z0-9-]*[A-Z0-9]", yaml.safe_dump({k: v for k, v in RAW.items() if k != "sources"})
        )
    )
    assert cited
    assert cited <= set(RAW["sources"])


def test_the_lexicon_holds_no_word_that_no_report_may_say():
    assert not [word for word in carriers_of(DOMAIN).words if DOMAIN.why_never(word)]
    assert DOMAIN.why_never("normally") == ("normality", DOMAIN.never_words["normality"].says)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mean: __import__('os')", "is not arithmetic"),
        ("g.__class__", "is not arithmetic"),
        ("open(g)", "is not arithmetic"),
        ("1 +", "cannot be read"),
        ("h * 2", "is not arithmetic"),
    ],
)
def test_an_equation_is_arithmetic_and_nothing_else(text: str, message: str):
    with pytest.raises(DomainError, match=r"cannot be read|is not arithmetic") as error:
        evaluate(text, {"g": 20.0})
    assert message in str(error.value) or "cannot be read" in str(error.value)


@pytest.mark.parametrize(
    ("z", "printed"), [(-3.0, "<1"), (0.0, "50"), (1.0, "84"), (3.0, ">99"), (-2.3263, "1")]
)
def test_centiles_are_whole_numbers_with_open_ends(z: float, printed: str):
    assert centile_of(z) == printed


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(resources.folder("templates") / "fetal_ultrasound", tmp_path / "own"))


def test_a_domain_is_a_folder_of_ones_own(copy: Path):
    text = (copy / "domain.yaml").read_text("utf-8")
    (copy / "domain.yaml").write_text(text.replace("domain: fetal_ultrasound", "domain: mine"), "utf-8")
    assert load_domain(copy).domain == "mine"
    assert load_domain(copy).sha256 != DOMAIN.sha256


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("region: head", "region: heed", "'heed' is not known"),
        ("default_label_set: fada_12", "default_label_set: fada_13", "'fada_13' is not known"),
        ("synonyms: [trans-vent", "synonyms: [Femur, trans-vent", "stands for two views"),
        ("regions:", "regions: [", "is not YAML"),
    ],
)
def test_a_faulty_domain_is_refused_by_name(copy: Path, old: str, new: str, says: str):
    text = (copy / "domain.yaml").read_text("utf-8")
    (copy / "domain.yaml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(DomainError) as error:
        load_domain(copy)
    assert says in str(error.value)


def test_a_missing_template_or_folder_is_named(copy: Path):
    (copy / "prompt.jinja").unlink()
    with pytest.raises(DomainError, match=r"has no prompt\.jinja"):
        load_domain(copy)
    with pytest.raises(DomainError, match=r"There is no domain 'chest'.*fetal_ultrasound"):
        load_domain("chest")
