"""A comparison for people, whatever it is shown on: parts with sentences, tables and charts, in order."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reportgen.desk.compare.charts import Chart, rates, readable, stacks
from reportgen.desk.compare.figures import RUNGS
from reportgen.desk.compare.meaning import LIMITS, MEANINGS, RUNG_WORDS
from reportgen.desk.compare.noun import Comparison, Difference, Rate, Result, Share

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
    "one after the other, each in a process of its own, in portions of {portion}; nothing from the "
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
    """A section: sentences, then tables, then charts of the same figures."""

    key: str
    title: str
    said: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


def parts(comparison: Comparison) -> Iterator[Part]:
    """All that is shown, in reading order."""
    done = [one for one in comparison.contestants if one.state == "finished"]
    yield _about(comparison)
    if len(done) < len(comparison.contestants):
        yield _lost(comparison)
    if not done:
        return
    yield _who(done)
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
        ("How", _HOW.format(portion=_cases(comparison.portion))),
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


def _cases(number: int) -> str:
    return f"{number:,} case{'s' * (number != 1)}"


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


def _who(done: Sequence[Result]) -> Part:
    rows = tuple(
        (
            one.name,
            " ".join(filter(None, [one.engine.model or one.engine.name, (one.engine.revision or "")[:12]])),
            ", ".join(filter(None, [one.engine.precision, one.engine.device, one.engine.server])) or NONE,
            str(one.batch_size or NONE),
            (one.engine.weights_sha256 or NONE)[:12],
            (one.prompt_sha256 or NONE)[:12],
        )
        for one in done
        if one.engine
    )
    head = ("contestant", "model and revision", "precision, place", "batch", "weights", "prompt.jinja")
    widths = (0.22, 0.26, 0.14, 0.07, 0.155, 0.155)
    table = Table("The contestants", head, rows, frozenset({3}), widths)
    return Part("who", "The contestants", (MEANINGS["who"],), tables=(table,))


def _speed(done: Sequence[Result]) -> Part:
    head = ("contestant", "load, s", "memory, GB", "GPU, GB", "tokens", "tokens a second", "reports a second")
    rows = tuple(
        (
            one.name,
            readable(one.load_s) if one.load_s is not None else NONE,
            _gb(one.memory.process_mb if one.memory else None),
            _gb(one.memory.gpu_peak_mb if one.memory else None),
            f"{one.tokens_written:,}" if one.tokens_a_second else NONE,
            _rate(one.tokens_a_second),
            _rate(one.reports_a_second),
        )
        for one in done
    )
    widths = (0.22, 0.08, 0.11, 0.09, 0.08, 0.21, 0.21)
    table = Table("Load, memory and speed", head, rows, frozenset(range(1, 7)), widths)
    read = {"Tokens a second": "tokens_a_second", "Reports a second": "reports_a_second"}
    charts = tuple(
        chart
        for title, field in read.items()
        if (chart := rates(title, [(one.name, getattr(one, field)) for one in done]))
    )
    return Part("speed", "Load, memory and speed", (MEANINGS["speed"],), (table,), charts)


def _words(done: Sequence[Result]) -> Part:
    head = ("contestant", "passages", *(RUNG_WORDS[rung] for rung in RUNGS))
    rows = tuple(
        (one.name, f"{one.rungs['free'].of:,}", *(_rung(one.rungs[rung]) for rung in RUNGS)) for one in done
    )
    table = Table(
        "Passages by rung", head, rows, frozenset(range(1, 6)), (0.2, 0.1, 0.175, 0.175, 0.175, 0.175)
    )
    chart = stacks(
        "Where the words of passages come from",
        [RUNG_WORDS[rung] for rung in RUNGS],
        [(one.name, [one.rungs[rung].share or 0.0 for rung in RUNGS], one.rungs["free"].of) for one in done],
    )
    return Part("words", "Where the words come from", (MEANINGS["words"],), (table,), (chart,))


def _refused(done: Sequence[Result]) -> Part:
    rows = tuple(
        (one.name, each.code, _count(each.passages), _share(each.passages))
        for one in done
        for each in one.refused[:8]
    )
    head = ("contestant", "reason", "passages", "share")
    table = Table("Reasons for refusal", head, rows, frozenset({2, 3}), (0.28, 0.34, 0.16, 0.22))
    asked = tuple(
        f"{one.name}: {one.prompts:,} prompts, {one.unanswered:,} of them without an answer, "
        f"{one.cut_off:,} answers cut off by their length."
        for one in done
        if one.prompts
    )
    never = ", ".join(one.name for one in done if not one.refused)
    said = (f"Nothing was refused of: {never}.",) if never else ()
    return Part(
        "refused",
        "Why answers were refused",
        (MEANINGS["refused"], *asked, *said),
        tables=(table,) if rows else (),
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
    return f"{value * 100:+.1f} points" if points else f"{'+' if value >= 0 else '-'}{readable(abs(value))}"


def _ends(one: Difference) -> str:
    if one.interval is None:
        return NONE
    return f"{_gap(one, one.interval.low)} to {_gap(one, one.interval.high)}".replace(" points", "")


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


def _rung(share: Share) -> str:
    """Also the count where there is no share, as no other column has it."""
    few = share.of and share.interval is None
    return f"{share.count:,}, {_FEW}" if few else _share(share)


def _share(share: Share) -> str:
    if share.share is None:
        return NONE
    if share.interval is None:
        return _FEW
    low, high = _hundredths(share.interval.low), _hundredths(share.interval.high)
    return f"{_hundredths(share.share)} % ({low}-{high})"


def _hundredths(part: float) -> str:
    return f"{part * 100:.1f}" if 0 < part < 1 else f"{part * 100:.0f}"


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return NONE
    if rate.interval is None:
        return f"{readable(rate.value)} ({_FEW})"
    return f"{readable(rate.value)} ({readable(rate.interval.low)}-{readable(rate.interval.high)})"


def _gb(megabytes: float | None) -> str:
    return NONE if megabytes is None else f"{megabytes / 1000:.2f}"
