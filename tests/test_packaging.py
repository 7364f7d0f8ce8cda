"""What a wheel holds, and that an editable install finds the same."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reportgen import resources

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return zipfile.ZipFile(next(out.glob("*.whl")))


def test_the_wheel_holds_every_module_template_schema_font_and_nothing_else(wheel: zipfile.ZipFile):
    names = {name for name in wheel.namelist() if not name.startswith("reportgen-")}
    package = {
        f"reportgen/{path.relative_to(ROOT / 'src/reportgen').as_posix()}"
        for path in (ROOT / "src/reportgen").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    data = {
        f"reportgen/{path.relative_to(ROOT).as_posix()}"
        for folder in ("templates", "schemas")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    assert names == package | data | {"reportgen/constraints.txt"}
    assert {"reportgen/templates/fetal_ultrasound/domain.yaml", "reportgen/schemas/case.json"} <= names
    assert "reportgen/py.typed" in names
    assert any(name.endswith(".ttf") for name in names)


def test_the_wheel_names_its_licence_and_its_extras(wheel: zipfile.ZipFile):
    metadata = next(name for name in wheel.namelist() if name.endswith("METADATA"))
    text = wheel.read(metadata).decode()
    assert "License-Expression: Apache-2.0" in text
    for line in ("Provides-Extra: medgemma", "Provides-Extra: dev", "Requires-Python: <3.14,>=3.11"):
        assert line in text


def test_resources_are_found_in_this_install():
    assert (resources.folder("templates") / "fetal_ultrasound/domain.yaml").is_file()
    assert any(resources.folder("schemas").glob("*.json"))


def test_the_wheel_finds_its_resources_where_there_is_no_checkout(wheel: zipfile.ZipFile, tmp_path: Path):
    wheel.extractall(tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import reportgen.domain as d, reportgen;"
        "assert reportgen.__file__.startswith(sys.argv[1]); print(len(d.load_domain().views))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "14"


def test_no_floor_but_the_engines_needs_torch():
    """The whole package but the engines' own files imports with the heavy libraries blocked."""
    code = (
        "import sys, pkgutil, importlib\n"
        "for name in ('torch', 'transformers', 'accelerate', 'bitsandbytes', 'llguidance', 'openai',\n"
        "             'ray'):\n"
        "    sys.modules[name] = None\n"
        "import reportgen, reportgen.cli, reportgen.pipeline, reportgen.engines, reportgen.batch\n"
        "engine = reportgen.load_engine(engine='template')\n"
        "print(engine.info.engine)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "template", done.stderr
