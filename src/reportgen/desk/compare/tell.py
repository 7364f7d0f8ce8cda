"""A comparison for people, whatever it is shown on: parts with sentences, tables and charts, in order."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reportgen.desk.compare.charts import Chart, rates, stacks
from reportgen.desk.compare.figures import RUNGS
from reportgen.desk.compare.meaning import LIMITS, MEANINGS, RUNG_WORDS
from reportgen.desk.compare.noun import Comparison, Difference, Interval, Rate, Result, Share

__all__ = ["TITLE", "Part", "Table", "parts"]

TITLE = "Comparison of models"
_FIGURES = {
    "free": "passages in free words",
    "model": "passages in a model's words",
    "tokens_a_second": "tokens a second",
    "reports_a_second": "reports a second",
}
_WHAT = (
    "Every contestant wrote the words of the same cases. Every fact in a report comes from the record, and "
    "every sentence was checked, whoever wrote it: what differs is how often a model's own words held, and "
    "what they cost."
)
_HOW = (
    "one after the other, each in a process of its own, in portions of {portion:,} cases; nothing from the "
    "cache of passages, and nothing from one portion in another"
)
_FEW = "too few to tell"
NONE = "-"


class Table(NamedTuple):
    """Rows under a head; ``numbers`` are the columns that are set at the right."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    widths: tuple[float, ...] = ()


class Part(NamedTuple):
    """A section: sentences, then charts, then tables, then small print."""

    key: str
    title: str
    said: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


def parts(comparison: Comparison) -> Iterator[Part]:
    """All that is shown, in reading order."""
    done = [one for one in comparison.contestants if one.state == "finished"]
    yield _about(comparison)
    if len(done) < len(comparison.contestants):
        yield _lost(comparison)
    if not done:
        return
    yield _speed(done)
    yield _words(done)
    yield _refused(done)
    if comparison.differences:
        yield _differences(comparison.differences)
    if comparison.agreement:
        yield _agreement(comparison)
    yield _sentences(done)
    yield Part("limits", "What these figures do not say", LIMITS)


def _about(comparison: Comparison) -> Part:
    machine = comparison.machine
    memory = f", {machine.memory_gb:,.0f} GB" if machine.memory_gb else ""
    rows = (
        ("Cases", f"{comparison.cases:,} (inputs rejected: {comparison.rejected:,})"),
        (
            "Passages",
            f"{comparison.passages:,}, asked by {comparison.distinct_prompts:,} different prompts",
        ),
        ("Order", ", then ".join(one.name for one in comparison.contestants)),
        ("How", _HOW.format(portion=comparison.portion)),
        ("Date", f"{comparison.started_at} to {comparison.ended_at}"),
        ("Machine", f"{machine.name}: {machine.cpu}, {machine.cores} cores{memory}; {machine.system}"),
        ("GPU", ", ".join(machine.gpus) or "none was used"),
        ("Software", ", ".join([comparison.software, f"Python {machine.python}", *_libraries(comparison)])),
        ("Domain", f"{comparison.domain} {comparison.domain_sha256[:12]}"),
        ("Command", comparison.command),
    )
    stopped = ("It was interrupted: what had finished is here.",) if comparison.stopped else ()
    table = Table("What was compared", ("", ""), rows, widths=(0.16, 0.84))
    return Part("about", "What was compared", (*stopped, _WHAT), tables=(table,))


def _libraries(comparison: Comparison) -> list[str]:
    return [f"{name} {version}" for name, version in comparison.machine.libraries.items()]


def _lost(comparison: Comparison) -> Part:
    rows = tuple(
        (one.name, one.state, one.reason or "") for one in comparison.contestants if one.state != "finished"
    )
    table = Table(
        "Contestants without figures", ("contestant", "state", "reason"), rows, widths=(0.3, 0.12, 0.58)
    )
    return Part("lost", "Who did not finish", tables=(table,))


def _speed(done: Sequence[Result]) -> Part:
    head = ("contestant", "load, s", "memory, GB", "GPU, GB", "tokens", "tokens a second", "reports a second")
    rows = tuple(
        (
            one.name,
            _number(one.load_s),
            _gb(one.memory.process_mb if one.memory else None),
            _gb(one.memory.gpu_peak_mb if one.memory else None),
            f"{one.tokens_written:,}" if one.tokens_a_second else NONE,
            _rate(one.tokens_a_second),
            _rate(one.reports_a_second),
        )
        for one in done
    )
    widths = (0.22, 0.08, 0.1, 0.08, 0.08, 0.22, 0.22)
    table = Table("Load, memory and speed", head, rows, frozenset(range(1, 7)), widths)
    read = {"tokens a second": "tokens_a_second", "reports a second": "reports_a_second"}
    charts = tuple(
        chart
        for title, field in read.items()
        if (chart := rates(title, [(one.name, getattr(one, field)) for one in done]))
    )
    return Part("speed", "Load, memory and speed", (MEANINGS["speed"],), charts, (table,))


def _words(done: Sequence[Result]) -> Part:
    head = ("contestant", "passages", *(RUNG_WORDS[rung] for rung in RUNGS))
    rows = tuple(
        (one.name, f"{one.rungs['free'].of:,}", *(_share(one.rungs[rung]) for rung in RUNGS)) for one in done
    )
    table = Table("Passages by rung", head, rows, frozenset(range(1, 6)), (0.22, 0.1, 0.17, 0.17, 0.17, 0.17))
    chart = stacks(
        "Where the words of passages come from",
        [RUNG_WORDS[rung] for rung in RUNGS],
        [(one.name, [one.rungs[rung].share or 0.0 for rung in RUNGS], one.rungs["free"].of) for one in done],
    )
    return Part("words", "Where the words come from", (MEANINGS["words"],), (chart,), (table,))


def _refused(done: Sequence[Result]) -> Part:
    rows = tuple(
        (one.name, each.code, _count(each.passages), _share(each.passages))
        for one in done
        for each in one.refused[:8]
    )
    head = ("contestant", "reason", "passages", "share")
    table = Table("Reasons for refusal", head, rows, frozenset({2, 3}), (0.28, 0.34, 0.16, 0.22))
    never = ", ".join(one.name for one in done if not one.refused)
    said = (f"Nothing was refused of: {never}.",) if never else ()
    return Part(
        "refused", "Why answers were refused", (MEANINGS["refused"], *said), tables=(table,) if rows else ()
    )


def _differences(found: Sequence[Difference]) -> Part:
    rows = tuple(
        (one.name, _FIGURES[one.figure], _gap(one, one.difference), _ends(one), one.verdict) for one in found
    )
    head = ("contestant", "figure", "difference", "95 % interval", "verdict")
    caption = f"More, or less, than {found[0].baseline}"
    table = Table(caption, head, rows, frozenset({2, 3}), (0.26, 0.24, 0.15, 0.19, 0.16))
    return Part("differences", caption, (MEANINGS["differences"],), tables=(table,))


def _gap(one: Difference, value: float) -> str:
    points = one.figure in {"free", "model"}
    return f"{value * 100:+.1f} points" if points else f"{'+' if value >= 0 else '-'}{_number(abs(value))}"


def _ends(one: Difference) -> str:
    if one.interval is None:
        return NONE
    return f"{_gap(one, one.interval.low)} to {_gap(one, one.interval.high)}".replace(" points to", " to")


def _agreement(comparison: Comparison) -> Part:
    rows = tuple(
        (
            "all models" if len(one.names) > 2 else " and ".join(one.names),
            _count(one.answers),
            _share(one.answers),
            _count(one.words),
            _share(one.words),
        )
        for one in comparison.agreement
    )
    head = ("who", "equal answers", "share", "equal sentences", "share")
    table = Table("Agreement", head, rows, frozenset(range(1, 5)), (0.36, 0.15, 0.17, 0.15, 0.17))
    return Part("agreement", "How often models said the same", (MEANINGS["agreement"],), tables=(table,))


def _sentences(done: Sequence[Result]) -> Part:
    own = [(one, one.sentences) for one in done if one.sentences and one.sentences.told]
    rows = tuple(
        (one.name, f"{told.told:,}", f"{told.distinct:,}", _count(told.as_fixed), _share(told.as_fixed))
        for one, told in own
    )
    head = ("contestant", "sentences", "distinct", "as the fixed ones", "share")
    counts = Table("Sentences of models", head, rows, frozenset(range(1, 5)), (0.3, 0.14, 0.14, 0.22, 0.2))
    shown = tuple((one.name, str(each.passages), each.carrier) for one, told in own for each in told.most[:6])
    listed = Table(
        "The most frequent", ("contestant", "times", "sentence"), shown, frozenset({1}), (0.24, 0.08, 0.68)
    )
    tables = (counts, listed) if rows else ()
    said = (MEANINGS["sentences"],) if rows else ("No sentence of a model was accepted.",)
    return Part("sentences", "The sentences", said, tables=tables)


def _count(share: Share) -> str:
    return f"{share.count:,} of {share.of:,}" if share.of else NONE


def _share(share: Share) -> str:
    if share.share is None:
        return NONE
    if share.interval is None:
        return f"{share.count} of {share.of}, {_FEW}"
    return f"{share.share:.1%} ({_within(share.interval)})".replace("%", " %")


def _within(interval: Interval) -> str:
    return f"{interval.low * 100:.1f} to {interval.high * 100:.1f}"


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return NONE
    if rate.interval is None:
        return f"{_number(rate.value)} ({_FEW})"
    return f"{_number(rate.value)} ({_number(rate.interval.low)} to {_number(rate.interval.high)})"


def _number(value: float | None) -> str:
    """Three digits, or all of the whole ones."""
    if value is None:
        return NONE
    size = abs(value)
    return f"{value:,.{0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3}f}"


def _gb(megabytes: float | None) -> str:
    return NONE if megabytes is None else f"{megabytes / 1000:.2f}"
