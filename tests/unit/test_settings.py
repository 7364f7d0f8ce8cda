from pathlib import Path

import pytest

from reportgen.errors import UsageError
from reportgen.settings import load_settings


def test_defaults_without_a_file():
    settings, options = load_settings(None)
    assert (settings.zone.key, dict(settings.thresholds), options) == ("UTC", {}, {})


def test_settings_and_options_come_from_their_tables(tmp_path: Path):
    path = tmp_path / "reportgen.toml"
    path.write_text(
        '[institution]\ntimezone = "Europe/Berlin"\n'
        "[report.thresholds.recognised]\nscore = 0.8\n[run]\njobs = 2\n"
    )
    settings, options = load_settings(path)
    assert settings.zone.key == "Europe/Berlin"
    assert settings.thresholds == {"recognised": {"score": 0.8}}
    assert options == {"run": {"jobs": 2}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[institution]\ntimezone = "Mars/Base"', r"\[institution\] timezone: is not an IANA time zone"),
        ('[institution]\ncolour = "#ffee00"', r"\[institution\] colour: is too light"),
        ('[institution]\ndate_format = "YY"', r"\[institution\] date_format"),
        ('[institution]\nname = "A\\u202eB"', r"\[institution\] name: holds a control character"),
        ('[institution]\nfooter = "a\\nb"', r"\[institution\] footer"),
        ("institution = 1", r"\[institution\]"),
        ("[report.institution]\nname = 'A'", r"Call it \[institution\]"),
        ("[report]\ncolour = 1", "colour"),
        ("jobs = 2", "outside a table"),
        ("[report", "is not TOML"),
    ],
)
def test_a_faulty_file_is_refused_by_field(tmp_path: Path, text: str, says: str):
    path = tmp_path / "reportgen.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=says):
        load_settings(path)
    with pytest.raises(UsageError, match="no configuration file"):
        load_settings(tmp_path / "none.toml")


def test_a_folder_and_a_file_with_a_mark_of_byte_order(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings(tmp_path)
    path = tmp_path / "reportgen.toml"
    path.write_text('[institution]\nname = "Example"\n', "utf-8-sig")
    assert load_settings(path)[0].institution.name == "Example"
