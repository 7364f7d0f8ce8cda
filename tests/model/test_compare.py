"""Real models compared through the command line, and their figures counted again from a run's reports."""

import json
from collections import Counter
from pathlib import Path

import pytest

import verapdf
from reportgen.__main__ import main
from reportgen.intervals import wilson

pytestmark = pytest.mark.model
SAMPLES = Path(__file__).parents[2] / "samples"
INPUTS = [str(SAMPLES / "mid_trimester_full"), str(SAMPLES / "fada_chatbot")]


def test_two_models_and_fixed_sentences(
    smollm2: str, tiny_gemma: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    out = tmp_path / "compared"
    models = {"small": f"{smollm2}:fp32", "noise": f"{tiny_gemma}:fp32", "noise8": f"{tiny_gemma}:int8"}
    named = [text for name, model in models.items() for text in ("--with", f"{model},name={name}")]
    arguments = ["--device", "cpu", "--portion", "2", "--with", "template"]
    assert main(["compare", *INPUTS, "-o", str(out), *named, *arguments]) == 0
    shown = capfd.readouterr().out
    assert "too few to tell" in shown
    data = json.loads((out / "comparison.json").read_text("utf-8"))
    results = {one["name"]: one for one in data["contestants"]}
    assert [one["state"] for one in data["contestants"]] == ["finished"] * 4
    for name, model in {"small": smollm2, "noise": str(tiny_gemma)}.items():
        counted(results[name], model, tmp_path / name)
    assert {tuple(one["names"]) for one in data["agreement"]} >= {("small", "noise"), ("noise", "noise8")}
    assert results["noise8"]["engine"]["precision"] == "int8"
    assert results["small"]["memory"]["process_mb"] > 200
    assert results["small"]["load_s"] > 0
    assert str(tmp_path) not in (out / "comparison.json").read_text("utf-8")
    assert "[[F1]]" in json.dumps(results["small"]["sentences"])
    assert verapdf.failures([out / "comparison.pdf"]) == {str(out / "comparison.pdf"): []}


def counted(result: dict, model: str, out: Path) -> None:
    """The figures of a contestant beside those of a run of the same model, which has nothing from a cache."""
    options = ["--device", "cpu", "--precision", "fp32", "--no-cache", "--format", "json", "--quiet"]
    assert main(["run", *INPUTS, "-o", str(out), "--model", model, *options]) == 0
    reports = [json.loads(path.read_bytes()) for path in sorted(out.glob("*/report.json"))]
    passages = [one for report in reports for one in report["provenance"]["passages"]]
    rungs = Counter(one["rung"] for one in passages)
    for rung, share in result["rungs"].items():
        assert (share["count"], share["of"]) == (rungs[rung], len(passages))
        if "interval" in share:
            found = share["interval"]["low"], share["interval"]["high"]
            assert found == pytest.approx(wilson(rungs[rung], len(passages)))
    reasons = Counter(code for one in passages for code in set(one["reasons"]))
    assert {one["code"]: one["passages"]["count"] for one in result["refused"]} == reasons
    own = [
        sentence
        for report in reports
        for section in report["sections"]
        for sentence in section["sentences"]
        if sentence["origin"] in {"model", "model_constrained"}
    ]
    assert result["sentences"]["told"] == len(own)
    summary = json.loads((out / "summary.json").read_bytes())
    assert result["prompts"] == summary["prompts"]
    assert result["tokens_a_second"]["value"] == pytest.approx(result["tokens_written"] / result["writing_s"])
    assert result["reports_a_second"]["value"] == pytest.approx(len(reports) / result["whole_s"])
