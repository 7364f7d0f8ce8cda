"""Questions about one record: which of its facts answer, in which words; else that the record does not say.

The words of the question decide whether a record can answer it, and bound what may be chosen; a model chooses
among that where there is a choice, and words the sentences around slots. No answer holds any of its question.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from reportgen import pipeline, read
from reportgen.desk.names import Named
from reportgen.desk.question import Part, Question, Reader, tidy
from reportgen.desk.tellable import Tellable, tellables
from reportgen.desk.wording import worded
from reportgen.domain import load_domain
from reportgen.domain.asking import Tiers, Topic
from reportgen.engines import load_engine
from reportgen.engines.base import Engine, Parameters
from reportgen.errors import IntegrityError, UsageError
from reportgen.narrate import choice_prompt
from reportgen.nouns import Report
from reportgen.nouns.reply import Evidence, Reply, Silence, Spoken
from reportgen.reread import TRUTH, read_again
from reportgen.reread.reply import reply_faults
from reportgen.settings import Settings

__all__ = ["Asked", "reply_lines"]


class Asked:
    """One record that questions are asked about.

    Args:
        place: A file that holds one case, the folder of a finished report, or its report.json.
        domain: Name or folder.
        settings: The site's settings.
        options: How an input is read.
        engine: Who chooses and words; the deterministic text without one.
        lang: Code of the language, or None for the domain's own.

    Raises:
        InputError: The case is refused.
        DomainError: The domain is faulty.
        UsageError: It says nothing of questions in that language, or the report is of another domain.
        IntegrityError: The report is not what was written.
    """

    def __init__(
        self,
        place: str,
        domain: str,
        settings: Settings,
        options: read.ReadOptions,
        *,
        engine: Engine,
        lang: str | None = None,
    ) -> None:
        self.domain = pipeline.configured(load_domain(domain, lang), settings)
        if self.domain.asking is None:
            raise UsageError(
                f"The domain {self.domain.domain} answers no questions in the language '{self.domain.lang}'.",
                "It has no asking.yaml for it; leave out --lang, or add the file.",
            )
        self._engine = engine if engine.info.engine != "template" and self.domain.has_lexicon else None
        path = Path(place)
        finished = path / TRUTH if path.is_dir() else path if path.name == TRUTH else None
        self.report = self._read(finished) if finished else self._made(place, settings, options)
        self._told = tellables(self.report, self.domain, written=finished is not None)
        self._reader = Reader(self.domain, len(self.report.images))

    def _read(self, path: Path) -> Report:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read ({type(error).__name__}).",
                "Give a case, or OUT/CASE_ID of a finished report.",
            ) from None
        reading = read_again({TRUTH: data}, self.domain)
        if reading.faults or reading.report is None:
            raise IntegrityError(
                f"{path} is not what was written: {reading.faults[0].problem}.",
                "Ask about the input of the case.",
            )
        if reading.unchecked:
            raise UsageError(
                f"{path} was made with another domain, or in another language.",
                "Give the --domain it was made with, or ask about the input of the case.",
            )
        return reading.report

    def _made(self, place: str, settings: Settings, options: read.ReadOptions) -> Report:
        found = read.read_found(place, self.domain, options)
        prepared = pipeline.prepare(found, self.domain)
        return pipeline.finish(
            prepared,
            {},
            load_engine(engine="template").info,
            self.domain,
            settings,
            pictures=pipeline.load_pictures(found),
            created_at=datetime.now(UTC).astimezone(settings.zone),
        )

    def ask(self, text: str) -> Reply:
        """Answer one question.

        Raises:
            UsageError: It is empty, too long, or has characters that nobody types.
            EngineError: The model is lost.
            IntegrityError: The answer says what the record does not hold: a fault of ours.
        """
        question = self._reader.read(line := tidy(text))
        chosen, complete, why, by_model = self._choose(line, question)
        spoken = worded(chosen, self.report, self.domain, self._engine) if chosen else [self._fixed("none")]
        if chosen and not complete:
            spoken.append(self._fixed("rest"))
        reply = Reply(
            case_id=self.report.case_id,
            answered=bool(chosen),
            complete=complete or not chosen,
            why=why,
            chosen_by="model" if by_model else "words",
            sentences=tuple(spoken),
        )
        if faults := list(reply_faults(reply, self.report, self.domain)):
            raise IntegrityError(
                f"An answer does not say what its record holds: {faults[0]}.", "Report this."
            )
        return reply

    # -- which facts -----------------------------------------------------------------------------------------

    def _choose(self, line: str, question: Question) -> tuple[list[Tellable], bool, Silence | None, bool]:
        asking = self.domain.asking
        assert asking is not None
        lifted = {word for part in question.parts for topic in self._topics(part) for word in topic.lifts}
        if question.beyond - lifted:
            return [], True, "beyond", False
        if question.unknown:
            return [], True, "unknown_word", False
        if any(self._unused(part) for part in question.parts):
            return [], True, "beyond", False
        parts = [part for part in question.parts if not part.empty]
        if not parts:
            return [], True, "nothing_named", False
        answered = [self._answered(part) for part in parts]
        sure = {id(one) for told, _, _ in answered for one in told}
        choice = {id(one) for _, told, _ in answered for one in told} - sure
        open_ = [one for one in self._told if id(one) in choice]
        by_model = self._engine is not None and len(open_) > 1
        picked = self._picked(line, open_) if by_model else open_
        chosen = [one for one in self._told if id(one) in sure or one in picked]
        why: Silence = "not_chosen" if by_model else "not_in_record"
        return chosen, all(whole for _, _, whole in answered), None if chosen else why, by_model

    def _unused(self, part: Part) -> set[str]:
        """Groups of words that ask for something, and that no topic has a use for."""
        used = {group for topic in self._topics(part) for group in (*topic.when, *topic.takes)}
        return part.groups - used

    def _topics(self, part: Part) -> list[Topic]:
        """The topics of a part, each with groups of its own."""
        asking = self.domain.asking
        assert asking is not None
        groups = set(part.groups)
        if part.images and not groups:
            groups = {asking.image_group}
        found = []
        for topic in asking.topics:
            names = bool(part.named or part.images)
            if set(topic.when) <= groups and not set(topic.unless) & groups and not (topic.only and names):
                found.append(topic)
                groups -= {*topic.when, *topic.takes}
        return found

    def _answered(self, part: Part) -> tuple[list[Tellable], list[Tellable], bool]:
        """What answers a part, what of it may, and whether the record has all that it names."""
        asking = self.domain.asking
        assert asking is not None
        found: list[Tellable] = []
        lacking = used = False
        for topic in self._topics(part):
            if topic.named and part.named:
                used = True
                for one in part.named:
                    # What a numbered image is taken for: its own view, whatever the question takes it for.
                    viewed = topic.bare and part.images and one.exact != "measure"
                    told = self._of(topic.named, part, None if viewed else one)
                    if not told and topic.bare and one.exact == "measure":
                        told = self._of(asking.bare, part, one)
                    found += told
                    lacking = lacking or not told
            else:
                told = self._of(
                    topic.named if part.images and topic.named else topic.all or topic.named, part
                )
                found += told
                lacking = lacking or not told
        if used or not part.named:
            return found, [], not lacking
        open_: list[Tellable] = []
        for one in part.named:
            told = self._of(asking.bare, part, one)
            (found if one.exact else open_).extend(told)
            lacking = lacking or not told
        return found, open_, not lacking

    def _of(self, tiers: Tiers, part: Part, named: Named | None = None) -> list[Tellable]:
        """Of the kinds that are tried in order, the first that the record has of what a part names."""
        for kinds in tiers:
            told = [
                one
                for one in self._told
                if one.kind in kinds
                and (named is None or one.about & named.about)
                and (not part.images or one.numbers & part.images)
                and (not part.fetuses or (one.fetus or "").upper() in part.fetuses)
            ]
            if told:
                return told
        return []

    def _picked(self, line: str, several: Sequence[Tellable]) -> list[Tellable]:
        """What the model chooses, bound by a grammar; all of it where it gives no choice."""
        assert self._engine is not None
        prompt = choice_prompt(line, [(one.kind, _called(one)) for one in several], self.domain)
        for answer in self._engine.generate([prompt], Parameters(max_new_tokens=8 + 6 * len(several))):
            numbers = [int(number) for number in re.findall(r"F(\d+)", answer.text)]
            if answer.text.strip() == "none":
                return []
            if not answer.error and numbers and all(1 <= number <= len(several) for number in numbers):
                return [one for number, one in enumerate(several, 1) if number in numbers]
        return list(several)

    def _fixed(self, key: str) -> Spoken:
        assert self.domain.asking is not None
        return Spoken(text=self.domain.asking.sentences[key], origin="template")


def _called(one: Tellable) -> str:
    """What a model may know of it: a name, and never a value, a score or an image."""
    return one.fact.name if one.fact else one.kind.replace("_", " ")


def reply_lines(reply: Reply) -> list[str]:
    """The answer for a person: each sentence with what it rests on and who chose its words."""
    lines = []
    for spoken in reply.sentences:
        lines.append(spoken.text)
        if spoken.evidence:
            who = "fixed" if spoken.origin == "template" else "model"
            lines.append(f"    [{'; '.join(map(_rests, spoken.evidence))}; words: {who}]")
    return lines


def _rests(one: Evidence) -> str:
    """A piece of evidence; its images by the numbers that the report has for them."""
    numbers = f", image {', '.join(map(str, one.numbers))}" if one.numbers else ""
    return f"{one.id} {one.kind}{numbers}" + (f", {one.source}" if one.source != one.id else "")
