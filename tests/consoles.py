"""Every command of the program, one after another in one process, for consoles of any encoding.

``python consoles.py FOLDER`` works in FOLDER. What a command prints comes after a line with its number.
The names there are Arabic, Chinese, German and pictures: what consoles of Windows cannot show.
"""

import json
import os
import shlex
import sys
from pathlib import Path

MARK = "=== "
NAME = "胎児 é 😀.json"
BAD = "坏 ☹.json"
DRAFT = "مسودة.txt"
MISSING = "缺失 ü.json"
#: What is typed, and the exit code it has.
COMMANDS: list[tuple[str, int]] = [
    ("run eingang -o 出力 --engine template --format txt,html", 3),
    ("run eingang -o 出力 --engine template --format txt,html", 3),
    ("run eingang -o 出力 --engine template --format txt,html,pdf --dry-run", 3),
    ("run eingang -o 出力 --engine template --format txt,html --quiet", 3),
    ("run eingang -o teile --engine template --format txt --lang ar --shard 1/1", 3),
    ("run eingang/*.json -o teile --engine template --format txt", 2),
    ("validate eingang", 3),
    ("validate eingang --json", 3),
    (f"facts 'eingang/{NAME}'", 0),
    (f"facts 'eingang/{NAME}' --json", 0),
    (f"facts 'eingang/{NAME}' --lang ar", 0),
    (f"facts 'eingang/{BAD}'", 3),
    (f"prompt 'eingang/{NAME}'", 0),
    (f"prompt 'eingang/{NAME}' --json", 0),
    (f"prompt 'eingang/{NAME}' --lang ar", 2),
    (f"draft 'eingang/{NAME}' --engine template --lang ar", 0),
    (f"check 'eingang/{NAME}' {DRAFT} --lang ar", 3),
    (f"check 'eingang/{NAME}' {DRAFT} --lang ar --json", 3),
    (f"check 'eingang/{NAME}' '{MISSING}'", 2),
    (f"check 'eingang/{MISSING}' {DRAFT}", 3),
    (f"ask 'eingang/{NAME}' 'Which views were recognised?' --engine template", 0),
    (f"ask 'eingang/{NAME}' 'Which views were recognised?' --engine template --json", 0),
    (f"ask 'eingang/{NAME}' '什么 é 😀?' --engine template", 0),
    (f"ask 'eingang/{MISSING}' 'Which views?' --engine template", 3),
    ("verify 出力", 6),
    ("verify 出力 --json", 6),
    ("verify 無い", 2),
    ("merge teile", 3),
    ("merge teile --json", 3),
    ("merge 無い", 2),
    ("export 出力/A --format txt,pdf,html,json -o عربي", 0),
    ("export 出力/無い --format txt -o عربي", 2),
    *((f"schema {name}", 0) for name in ("case", "facts", "check", "report", "summary")),
    ("schema 表", 2),
    ("model status", 0),
    ("model status --json", 0),
    ("model setup 模型", 4),
    ("doctor", 0),
    ("doctor --json", 0),
    ("cache info", 0),
    ("cache info --json", 0),
    ("cache export عربي/😀.jsonl", 0),
    ("cache import عربي/😀.jsonl", 0),
    (f"cache import '{MISSING}'", 2),
    ("cache clear", 0),
    ("run eingang -o 出力 --model 模型 --config 設定.toml", 2),
    ("run eingang -o 出力 --größe", 2),
    ("bericht é", 2),
    ("--version", 0),
    ("--help", 0),
    ("completion bash", 0),
    *(
        (f"{command} --help", 0)
        for command in (
            "run", "merge", "validate", "facts", "prompt", "draft", "check", "export", "verify", "schema",
            "ask", "doctor", "model", "model setup", "model status", "model check", "cache",
            "cache info", "cache clear",
            "cache export", "cache import", "completion",
        )
    ),
]  # fmt: skip


def put_inputs(folder: Path) -> None:
    """The inputs of the commands."""
    from batches import record

    value = record("A", "Trans-thalamic", "Femur")
    value["images"][0]["measurements"] = [{"name": "HC", "value": 176.2, "unit": "mm", "source": "operator"}]
    value["images"][0]["image_id"] = "Ω-胎児-1"
    value["patient"] = {"id": "Ä-1", "name": "Größe Müller"}
    text = json.dumps(value, ensure_ascii=False)
    (folder / "eingang" / "ملف").mkdir(parents=True)
    (folder / "eingang" / NAME).write_text(text, "utf-8")
    (folder / "eingang" / BAD).write_text("{", "utf-8")
    (folder / "eingang" / "ملف" / "二.json").write_text(text.replace('"A"', '"B"'), "utf-8")
    (folder / DRAFT).write_text("[[F1]] ثلاثة 三 😀.\n", "utf-8")


def main(folder: Path) -> None:
    """Run them all, each as if it were alone."""
    from reportgen.cli import main as command

    os.chdir(folder)
    for number, (line, wanted) in enumerate(COMMANDS):
        if line == "verify 出力":  # there shall be something to find
            report = Path("出力/B/report.txt")
            report.write_bytes(report.read_bytes() + b"!")
        for stream in (sys.stdout, sys.stderr):
            print(f"{MARK}{number}", file=stream, flush=True)
        code = command(shlex.split(line))
        sys.stdout.flush()
        assert code == wanted, (number, code, wanted)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
