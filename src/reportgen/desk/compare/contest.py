"""The whole comparison: read the cases once, give each contestant its turn, make figures of what came."""

import random
import shlex
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen import pipeline
from reportgen.assemble import software_version
from reportgen.desk.compare.agreement import agreement
from reportgen.desk.compare.apart import apart
from reportgen.desk.compare.figures import differences, finished
from reportgen.desk.compare.machine import this_machine
from reportgen.desk.compare.noun import FEW, Comparison, Result
from reportgen.desk.compare.plan import Contestant, Order
from reportgen.desk.compare.turn import Outcome, Request
from reportgen.domain import DEFAULT, Domain, load_domain
from reportgen.errors import ExitCode, InputError, UsageError, exit_code
from reportgen.intervals import RESAMPLES
from reportgen.moments import now
from reportgen.nouns import Found
from reportgen.read import discover, id_key, read_inputs

__all__ = ["Compared", "compare"]

#: Cases of a portion at the most, unless another number is asked for: by then every batch is full.
_LARGEST = 100


@dataclass(frozen=True)
class Compared:
    """The comparison, and what the process says of it."""

    comparison: Comparison
    exit_code: ExitCode


def compare(order: Order, say: Callable[[str], None], *, quiet: bool = False) -> Compared:
    """Compare. Call it inside ``interruptible``: a wish to end is heard between and within turns.

    Args:
        order: What is wanted.
        say: Told how far it is.
        quiet: The contestants' processes say nothing.

    Raises:
        UsageError: Nothing to compare was found, or the output folder cannot be written.
        DomainError: A domain is faulty.
        KeyboardInterrupt: Somebody wants an end, and no contestant has finished.
    """
    _writable(order.out)
    domain = pipeline.configured(load_domain(order.domain, order.lang), order.settings)
    if not domain.has_lexicon:
        raise UsageError(
            f"No model is asked for words in the language '{domain.lang}'.",
            "Leave out --lang: models are compared in a language that the domain has carriers of.",
        )
    for contestant in order.contestants:
        load_domain(contestant.domain or order.domain, order.lang)
    started = now(order.settings.zone)
    found, rejected = _cases(order, domain)
    portions = _portions(found, order)
    say(f"cases: {len(found):,}, in portions of {len(portions[0]):,}; inputs rejected: {rejected:,}")
    ended, stopped = _turns(order, portions, say, quiet=quiet)
    if stopped and not any(isinstance(one, Outcome) for one in ended):
        raise KeyboardInterrupt
    done = [
        (one, outcome)
        for one, outcome in zip(order.contestants, ended, strict=True)
        if isinstance(outcome, Outcome)
    ]
    prepared = [pipeline.prepare(one, domain) for one in found]
    machine = this_machine(order.machine)
    gpus = tuple(dict.fromkeys(outcome.gpu for _, outcome in done if outcome.gpu))
    comparison = Comparison(
        software=software_version(),
        started_at=started.isoformat(timespec="seconds"),
        ended_at=now(order.settings.zone).isoformat(timespec="seconds"),
        stopped="interrupted" if stopped else None,
        command=_command(order),
        machine=machine.model_copy(update={"gpus": gpus}),
        domain=domain.domain,
        domain_sha256=domain.sha256,
        seed=order.seed,
        resamples=RESAMPLES,
        cases=len(found),
        rejected=rejected,
        passages=sum(len(case.prompts) for case in prepared),
        distinct_prompts=len({prompt.id for case in prepared for prompt in case.prompts}),
        portion=len(portions[0]),
        contestants=tuple(map(_result, order.contestants, ended, [order.seed] * len(ended))),
        differences=tuple(differences(done, order.seed)) if done else (),
        agreement=tuple(agreement(done)),
    )
    return Compared(comparison, _code(comparison))


def _writable(out: Path) -> None:
    """Refuse early what would be noticed when all the work is done."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UsageError(
            f"The folder {out} cannot be written ({type(error).__name__}).", "Choose another with -o."
        ) from None


def _cases(order: Order, domain: Domain) -> tuple[list[Found], int]:
    """The cases that can be used, at most ``limit``, and how many inputs gave none."""
    found: dict[str, Found] = {}
    rejected = 0
    for result in read_inputs(discover(order.inputs, order.out), domain, order.read):
        if isinstance(result, InputError) or id_key(result.case.case_id) in found:
            rejected += 1
        else:
            found[id_key(result.case.case_id)] = result
        if order.limit is not None and len(found) >= order.limit:
            break
    if not found:
        raise UsageError(
            f"There is no case to compare on; inputs rejected: {rejected:,}.",
            "`reportgen validate` says what is wrong with each.",
        )
    return list(found.values()), rejected


def _portions(found: Sequence[Found], order: Order) -> tuple[tuple[Found, ...], ...]:
    """The cases in an order that chance has made, so that portions are alike, and that is the same each time.

    A last portion that is not full is left so; its cases are no others.
    """
    cases = list(found)
    random.Random(order.seed).shuffle(cases)  # noqa: S311 - no secret
    size = order.portion or min(_LARGEST, max(1, len(cases) // FEW))
    return tuple(tuple(cases[start : start + size]) for start in range(0, len(cases), size))


def _turns(
    order: Order, portions: tuple[tuple[Found, ...], ...], say: Callable[[str], None], *, quiet: bool
) -> tuple[list[Outcome | str | None], bool]:
    """What came of each turn (None: nothing), and whether somebody wanted an end before all had theirs."""
    ended: list[Outcome | str | None] = []
    every = len(order.contestants)
    try:
        for number, contestant in enumerate(order.contestants, 1):
            say(f"{number} of {every}: {contestant.name}")
            request = Request(contestant, portions, order.domain, order.lang, order.settings)
            ended.append(apart(request, quiet=quiet))
            if isinstance(reason := ended[-1], str):
                say(f"{contestant.name} did not finish: {reason}")
    except KeyboardInterrupt:
        return ended + [None] * (every - len(ended)), True
    return ended, False


def _result(contestant: Contestant, ended: Outcome | str | None, seed: int) -> Result:
    if isinstance(ended, Outcome):
        return finished(contestant, ended, seed)
    state, reason = ("failed", ended) if ended else ("not run", "The comparison was interrupted.")
    return Result.model_validate(
        {"name": contestant.name, "asked": contestant.told, "state": state, "reason": reason}
    )


def _command(order: Order) -> str:
    """What was typed, without names of inputs and folders: files may be called after patients."""
    options = {
        "--domain": None if order.domain == DEFAULT else Path(order.domain).name,
        "--limit": order.limit,
        "--portion": order.portion,
        "--seed": order.seed,
    }
    told = [f"{name} {value}" for name, value in options.items() if value is not None]
    named = [f"--with {shlex.quote(one.told)}" for one in order.contestants]
    return " ".join(["reportgen compare INPUT... -o DIR", *told, *named])


def _code(comparison: Comparison) -> ExitCode:
    codes = {ExitCode.INTERRUPTED} if comparison.stopped else set()
    codes |= {ExitCode.ENGINE for one in comparison.contestants if one.state == "failed"}
    return exit_code(codes | ({ExitCode.REJECTED} if comparison.rejected else set()))
