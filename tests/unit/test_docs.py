"""The documentation keeps up with the program."""

import re
import shutil
import subprocess
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
import yaml

from reportgen import errors
from reportgen.batch.summary import Stop
from reportgen.cli import cli
from reportgen.errors import ExitCode

DOCS = Path(__file__).parents[2] / "docs"


def _generator() -> ModuleType:
    spec = spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_commands_is_current():
    assert (DOCS / "cli.md").read_text("utf-8") == _generator().page(), "run: python docs/generate.py"


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_has_a_heading(code):
    assert re.search(rf"^## {code.value}: ", (DOCS / "errors.md").read_text("utf-8"), re.MULTILINE)


def test_every_kind_of_error_and_every_early_end_is_explained():
    text = (DOCS / "errors.md").read_text("utf-8")
    kinds = [name for name in errors.__all__ if name.endswith("Error") and name != "ReportgenError"]
    for word in (*kinds, *get_args(Stop)):
        assert f"`{word}`" in text, word


def test_links_between_the_pages_lead_somewhere():
    for page in (DOCS / "cli.md", DOCS / "errors.md", DOCS / "windows.md"):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), (page.name, target)


def test_the_files_for_clusters_are_whole():
    """Their syntax, and that what they call is there."""
    folder = DOCS / "cluster"
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash on this machine, as on Windows")
    subprocess.run([bash, "-n", str(folder / "slurm.sh")], check=True)
    job = yaml.safe_load((folder / "kubernetes.yaml").read_text())
    assert job["spec"]["completionMode"] == "Indexed"
    command = job["spec"]["template"]["spec"]["containers"][0]["command"][-1]
    assert f'/{job["spec"]["completions"]}"' in command
    options = {flag for param in cli.commands["run"].params for flag in param.opts}
    for text in (command, (folder / "slurm.sh").read_text().partition("srun ")[2]):
        assert set(re.findall(r"--[a-z]+", text)) == {"--shard", "--jobs"}
    assert {"--shard", "--jobs"} <= options
