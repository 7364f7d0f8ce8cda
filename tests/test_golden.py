"""Every sample as a golden: its text as it is printed, and its report without what names the code's version.

``pytest tests/test_golden.py --regold`` writes them anew; read the difference line by line.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from reportgen.__main__ import main

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
#: Change with every release or edit of the domain, and say nothing of the report.
VERSIONED = ("software", "domain_sha256", "lexicon_sha256", "prompt_sha256")
#: Samples whose page is kept too: one image, and a whole study.
PAGES = ("mid_trimester_full", "jsonl_single_nt")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of all samples, by the fixed sentences, at a fixed time."""
    out = tmp_path_factory.mktemp("golden") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1795599840")
        code = main(["run", str(ROOT / "samples"), "-o", str(out), "--engine", "template", "--quiet",
                     "--format", "txt,pdf,html"])  # fmt: skip
    assert code == 0
    return out


def shown(case: Path) -> dict[str, str]:
    """What is compared: the report's words and data, free of versions."""
    report: dict[str, Any] = json.loads((case / "report.json").read_bytes())
    report["imprint"] = re.sub(r"reportgen [\w.+]+", "reportgen", report["imprint"])
    report["provenance"] = {k: v for k, v in report["provenance"].items() if k not in VERSIONED}
    del report["presentation"]
    text = re.sub(
        r"^reportgen [\w.+]+", "reportgen", (case / "report.txt").read_text("utf-8"), flags=re.MULTILINE
    )
    files = {"report.json": json.dumps(report, indent=1, ensure_ascii=False) + "\n", "report.txt": text}
    return {**files, "report.html": page(case)} if case.name in PAGES else files


def page(case: Path) -> str:
    """The page without its style, its version and what its pictures are made of."""
    text = (case / "report.html").read_text("utf-8")
    text = re.sub(r"<style>.*?</style>", "<style></style>", text, flags=re.DOTALL)
    text = re.sub(r"(?<=base64,)[A-Za-z0-9+/=]+", "", text)
    return re.sub(r"^<p>reportgen [\w.+]+", "<p>reportgen", text, flags=re.MULTILINE)


def cases(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/report.txt"))


def test_every_sample_is_as_it_was(made: Path, request: pytest.FixtureRequest):
    now = {case.name: shown(case) for case in cases(made)}
    if request.config.getoption("--regold"):
        shutil.rmtree(GOLDEN, ignore_errors=True)
        for name, files in now.items():
            for file, text in files.items():
                (GOLDEN / name).mkdir(parents=True, exist_ok=True)
                (GOLDEN / name / file).write_text(text, "utf-8", newline="\n")
        return
    kept = {
        case.name: {path.name: path.read_text("utf-8") for path in case.iterdir()} for case in cases(GOLDEN)
    }
    assert {name: sorted(files) for name, files in now.items()} == {
        name: sorted(files) for name, files in kept.items()
    }
    for name, files in now.items():
        for file, text in files.items():
            assert text == kept[name][file], f"{name}/{file}"


def test_the_specialists_example_is_among_them(made: Path):
    """The full study says in its tables and lists what the example report says."""
    text = (made / "mid_trimester_full" / "report.txt").read_text("utf-8")
    for line in (
        "FOR THE REVIEWER (3 open)",
        "Each image was sorted into one of 12 view classes by the FADA classifier.",
        "Measurements are the operator's. The software measured nothing on the images.",
        "To be written by the reporting clinician.",
        "classifier can name): 5 of 6 recognised.",
    ):
        assert line in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_no_report_says_a_word_that_none_may_say(made: Path):
    """The findings of no sample hold a negation, a judgement or anatomy that was not recognised."""
    from reportgen.domain import load_domain

    domain = load_domain()
    for case in cases(made):
        report = json.loads((case / "report.json").read_bytes())
        for section in report["sections"]:
            for sentence in section["sentences"]:
                said = sentence["text"]
                for fact in report["facts"]:
                    said = re.sub(re.escape(fact["surface"]), "", said, flags=re.IGNORECASE)
                for word in re.findall(r"[a-z]+", said.lower()):
                    assert not domain.why_never(word), sentence["text"]
