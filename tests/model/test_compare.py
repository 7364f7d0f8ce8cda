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


def compared(out: Path, inputs: list[str], models: dict[str, str]) -> dict:
    """The data of a comparison on the processor, in one portion."""
    named = [text for name, model in models.items() for text in ("--with", f"{model},name={name}")]
    assert main(["compare", *inputs, "-o", str(out), *named, "--device", "cpu", "--portion", "2"]) == 0
    data = json.loads((out / "comparison.json").read_text("utf-8"))
    assert [one["state"] for one in data["contestants"]] == ["finished"] * len(models)
    return data


def test_two_models_and_fixed_sentences(tiny_gemma: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    out = tmp_path / "compared"
    models = {"noise": f"{tiny_gemma}:fp32", "noise8": f"{tiny_gemma}:int8", "fixed": "template"}
    data = compared(out, INPUTS, models)
    assert "too few to tell" in capfd.readouterr().out
    noise, noise8, fixed = data["contestants"]
    counted(noise, str(tiny_gemma), INPUTS, tmp_path / "reports")
    assert [one["names"] for one in data["agreement"]] == [["noise", "noise8"]]
    assert data["agreement"][0]["answers"]["of"] == data["distinct_prompts"]
    assert noise8["engine"]["precision"] == "int8"
    assert noise["memory"]["process_mb"] > 2 * fixed["memory"]["process_mb"], "each has a process of its own"
    assert noise["load_s"] > fixed["load_s"]
    assert str(tmp_path) not in (out / "comparison.json").read_text("utf-8")
    assert verapdf.failures([out / "comparison.pdf"]) == {str(out / "comparison.pdf"): []}


def test_a_small_model_that_writes_sentences(smollm2: str, tmp_path: Path):
    data = compared(tmp_path / "compared", INPUTS[1:], {"small": f"{smollm2}:fp32", "fixed": "template"})
    small = data["contestants"][0]
    counted(small, smollm2, INPUTS[1:], tmp_path / "reports")
    assert "[[F1]]" in small["sentences"]["most"][0]["carrier"]


def counted(result: dict, model: str, inputs: list[str], out: Path) -> None:
    """The figures of a contestant beside those of a run of the same model, which has nothing from a cache."""
    options = ["--device", "cpu", "--precision", "fp32", "--no-cache", "--format", "json", "--quiet"]
    assert main(["run", *inputs, "-o", str(out), "--model", model, *options]) == 0
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
