"""Real models through the command line, from a file to a PDF."""

import json
from pathlib import Path

import pytest

from reportgen.__main__ import main

pytestmark = pytest.mark.model
SAMPLES = Path(__file__).parents[2] / "samples"


def run(out: Path, *arguments: str) -> dict[str, dict[str, object]]:
    inputs = [str(SAMPLES / "mid_trimester_full"), str(SAMPLES / "fada_chatbot")]
    assert main(["run", *inputs, "-o", str(out), "--device", "cpu", "--quiet", *arguments]) == 0
    return {path.parent.name: json.loads(path.read_bytes()) for path in sorted(out.glob("*/report.json"))}


def test_smollm2_writes_words_that_pass_the_check(smollm2: str, tmp_path: Path):
    reports = run(tmp_path / "out", "--model", smollm2, "--precision", "fp32")
    assert len(reports) == 2
    rungs = [rung["rung"] for report in reports.values() for rung in report["provenance"]["passages"]]
    assert "deterministic" not in rungs
    for report in reports.values():
        assert "SmolLM2" in report["imprint"]
        origins = {
            s["origin"] for section in report["sections"] for s in section["sentences"] if s["evidence"]
        }
        assert origins & {"model", "model_constrained"}
        assert report["provenance"]["weights_sha256"]
    for pdf in (tmp_path / "out").glob("*/report.pdf"):
        assert pdf.read_bytes().startswith(b"%PDF-")
    summary = json.loads((tmp_path / "out" / "summary.json").read_bytes())
    assert "SmolLM2" in json.dumps(summary)


def test_a_random_gemma_in_8_bit_goes_the_whole_way_and_says_nothing_wrong(tiny_gemma: Path, tmp_path: Path):
    """Its free answers are noise and are refused; under the grammar even noise can only say the record."""
    reports = run(tmp_path / "out", "--model", str(tiny_gemma), "--precision", "int8")
    for report in reports.values():
        provenance = report["provenance"]
        assert provenance["precision"] == "int8"
        assert {rung["rung"] for rung in provenance["passages"]} <= {"constrained", "deterministic"}
        assert all(rung["reasons"] for rung in provenance["passages"])


def test_an_explicit_model_that_cannot_run_stops_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sample = str(SAMPLES / "fada_chatbot")
    out = tmp_path / "out"
    assert main(["run", sample, "-o", str(out), "--model", "medgemma-4b-it"]) == 4
    assert "medgemma" in capsys.readouterr().err.lower()
    assert not list(out.glob("*/report.json"))


def test_auto_falls_back_to_fixed_sentences_and_says_why_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out"
    assert main(["run", str(SAMPLES / "fada_chatbot"), "-o", str(out)]) == 0
    report = json.loads(next(out.glob("*/report.json")).read_bytes())
    why = report["provenance"]["why_this_engine"]
    assert why
    assert why in capsys.readouterr().err
    assert why in json.loads((out / "summary.json").read_bytes())["engine"]["why"]
    assert "words: fixed sentences" in report["imprint"]
