"""The measurements as supplied: table rows, centiles where every condition holds, and what to look at."""

from dataclasses import dataclass, field
from typing import Any

from reportgen.domain import Domain, Measure
from reportgen.equations import centile_of, z_score
from reportgen.nouns import BiometryRow, Case, GestationalAge, Image, Measurement
from reportgen.phrases import age_phrase, images_phrase, joined, number_phrase, say, strung
from reportgen.state.limits import outside
from reportgen.state.notebook import Notes
from reportgen.state.views import Seen

__all__ = ["Biometry", "Value", "biometry", "used_age"]


@dataclass
class Value:
    """One supplied value on its way into the table.

    Attributes:
        key: Key of the measurement in the domain, such as ``HC``.
        z: Standard deviations from the chart's mean, when a centile may be printed.
        withheld: Why there is no centile (a key of ``wording.withheld``), or None.
    """

    key: str
    measure: Measure
    seen: Seen
    given: Measurement
    z: float | None = None
    withheld: str | None = None

    @property
    def name(self) -> str:
        """Abbreviation, with the fetus where one is named."""
        return self.measure.abbr + (f" ({self.given.fetus})" if self.given.fetus else "")

    @property
    def text(self) -> str:
        """The value as printed, without unit."""
        return number_phrase(self.given.value, self.measure.decimals)

    @property
    def shown(self) -> str:
        """The value with its unit, and its convention where one was stated."""
        stated = f" ({self.given.convention})" if self.given.convention else ""
        return f"{self.text} {self.measure.unit}{stated}"

    @property
    def image(self) -> Image:
        """The image that it was recorded on."""
        return self.seen.image


def used_age(case: Case) -> GestationalAge | None:
    """The gestational age that charts are read at: the one marked as used, or the only one."""
    marked = [age for age in case.gestational_age if age.used]
    only = case.gestational_age[0] if len(case.gestational_age) == 1 else None
    if only and not only.used and "used" in only.model_fields_set:
        return None  # somebody said that it is not to be used
    return marked[0] if marked else only


def several_fetuses(case: Case) -> bool:
    """Whether the case is of more than one fetus, as stated or by the fetuses that its measurements name."""
    named = {m.fetus for image in case.images for m in image.measurements if m.fetus}
    stated = case.exam.fetuses if case.exam else None
    return (stated or 1) > 1 or len(named) > 1


@dataclass
class Biometry:
    """All values of a case, with what the table and the reviewer's list say of them."""

    domain: Domain
    case: Case
    values: list[Value]
    rows: tuple[BiometryRow, ...] = ()
    footnotes: tuple[tuple[str, str], ...] = ()
    caption: str = ""
    _groups: dict[tuple[str, str | None], list[Value]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for value in self.values:
            self._groups.setdefault((value.key, value.given.fetus), []).append(value)

    @property
    def age(self) -> GestationalAge | None:
        """The age that the charts are read at."""
        return used_age(self.case)

    def narrated(self) -> dict[str, list[dict[str, Any]]]:
        """Facts for the passages: values that stand alone. Of a set none is chosen, so none is narrated."""
        found: dict[str, list[dict[str, Any]]] = {}
        for (_, fetus), members in self._groups.items():
            if len(members) > 1:
                continue
            value = members[0]
            name = value.measure.narrated
            surface = say(
                self.domain,
                "surface.measurement" if value.given.source == "operator" else "surface.measurement_model",
                name=name + (say(self.domain, "surface.fetus", fetus=fetus) if fetus else ""),
                value=value.text,
                unit=value.measure.unit,
                image=images_phrase(self.domain, [value.seen.number]),
            )
            found.setdefault(value.measure.region, []).append(
                {
                    "kind": "measurement",
                    "surface": surface,
                    "name": name,
                    "images": (value.image.image_id,),
                    "required": True,
                }
            )
        return found

    def note(self, notes: Notes) -> None:
        """Write down what the table and the reviewer's list say; call once, after the narrated facts."""
        self._tabulate(notes)
        self._sets(notes)
        for value in self.values:
            self._mismatch(value, notes)
            for why in outside(value, self.values, self.age, self.domain):
                text = self._say("outside_limits", value, why=why)
                notes.flag("outside_limits", text, value.measure.abbr, [value.image.image_id])
        self._withheld(notes)

    def _tabulate(self, notes: Notes) -> None:
        letters: dict[tuple[str, ...], str] = {}
        rows = []
        for value in self.values:
            centile, letter, fact = None, None, None
            if value.z is not None and self.age:
                centile = centile_of(value.z)
                abbr, unit, chart = value.measure.abbr, value.measure.unit, value.measure.chart
                said = f"{abbr} {value.text} {unit}: {centile} ({chart})"
                fact = notes.fact("centile", said, abbr, [value.image.image_id])
            elif value.withheld and value.withheld != "no_chart":
                footnote = self._footnote(value)
                letter = letters.setdefault(footnote, "abcdefghijklmnopqrstuvwxyz"[min(len(letters), 25)])
            rows.append(
                BiometryRow(
                    name=value.measure.name,
                    abbr=value.measure.abbr,
                    value=value.text,
                    unit=value.measure.unit,
                    image=value.image.image_id,
                    image_number=value.seen.number,
                    source=value.given.source,
                    fetus=value.given.fetus,
                    convention=value.given.convention,
                    centile=centile,
                    note=letter,
                    facts=(fact,) if fact else (),
                )
            )
        self.rows = tuple(rows)
        self.footnotes = tuple((letter, text[0]) for text, letter in letters.items())
        self.caption = self._caption()

    def _footnote(self, value: Value) -> tuple[str, ...]:
        reason, chart = value.withheld or "", value.measure.convention
        first, last = (value.measure.equation or {}).get("valid_ga_days", (0, 0))
        ages = {"lo": age_phrase(first), "hi": age_phrase(last)}
        return (say(self.domain, f"footnote.{reason}", chart=chart.chart_name or chart.chart, **ages),)

    def _caption(self) -> str:
        charts = list(
            dict.fromkeys(v.measure.chart for v in self.values if v.z is not None and v.measure.chart)
        )
        said = []
        if charts:
            form = "biometry_caption.chart" if len(charts) == 1 else "biometry_caption.charts"
            listed = strung(self.domain, "semicolon", charts)
            said.append(say(self.domain, form, chart=listed, charts=listed))
            if not (self.case.exam and self.case.exam.fetuses):  # one fetus, or no number stated
                said.append(say(self.domain, "biometry_caption.fetuses_unknown"))
            if self.age and self.age.basis == "unknown":
                said.append(say(self.domain, "biometry_caption.basis_unknown"))
        if any(value.given.source == "model" for value in self.values):
            said.append(say(self.domain, "biometry_caption.model"))
        return " ".join(said)

    def _sets(self, notes: Notes) -> None:
        limit = float(self.domain.thresholds["measurement_conflict"]["relative"])
        for members in self._groups.values():
            if len(members) < 2:
                continue
            numbers = [value.given.value for value in members]
            spread, mean = max(numbers) - min(numbers), sum(map(abs, numbers)) / len(numbers)
            kind = "measurement_conflict" if spread > limit * mean else "measurement_set"
            listed = joined(self.domain, [value.shown for value in members])
            text = say(
                self.domain,
                f"reviewer.{kind}",
                abbr=members[0].name,
                n=len(members),
                values=listed,
                limit=f"{limit * 100:g}",
            )
            notes.flag(kind, text, members[0].measure.abbr, [value.image.image_id for value in members])

    def _mismatch(self, value: Value, notes: Notes) -> None:
        homes = [view.id for view in self.domain.views if value.key in view.biometry]
        if not homes or (value.seen.view and value.seen.view.id in homes):
            return
        shown = (
            value.seen.view.display_short if value.seen.view else self.domain.presentation["not_determined"]
        )
        text = self._say("measurement_view_mismatch", value, display=shown)
        notes.flag("measurement_view_mismatch", text, value.measure.abbr, [value.image.image_id])

    def _withheld(self, notes: Notes) -> None:
        reasons: dict[str, list[Value]] = {}
        for value in self.values:
            if value.withheld and value.withheld != "no_chart":
                reasons.setdefault(value.withheld, []).append(value)
        for reason, members in reasons.items():
            abbrs = list(dict.fromkeys(value.measure.abbr for value in members))
            text = say(
                self.domain,
                "reviewer.centile_withheld",
                abbrs=strung(self.domain, "comma", abbrs),
                reason=say(self.domain, f"withheld.{reason}"),
            )
            notes.flag("centile_withheld", text, abbrs[0], dict.fromkeys(v.image.image_id for v in members))

    def _say(self, rule: str, value: Value, **more: object) -> str:
        image = images_phrase(self.domain, [value.seen.number])
        known = {"abbr": value.name, "value": value.text, "unit": value.measure.unit, "image": image}
        return say(self.domain, f"reviewer.{rule}", **known, **more)


def biometry(case: Case, seen: list[Seen], domain: Domain) -> Biometry:
    """Collect the values in the domain's order and decide for each whether a centile may be printed."""
    values = []
    for one in seen:
        for given in one.image.measurements:
            key = domain.measure_of(given.name)
            assert key is not None, "reading refuses unknown measurements"
            values.append(Value(key, domain.biometry[key], one, given))
    order = {key: n for n, key in enumerate(domain.biometry)}
    values.sort(key=lambda value: (order[value.key], value.given.fetus or "", value.seen.number))
    age = used_age(case)
    for value in values:
        value.withheld = _withheld(value, case, age, domain)
        if value.withheld is None and age and value.measure.equation:
            value.z = z_score(value.measure.equation, value.given.value, age.total_days)
    return Biometry(domain, case, values)


def _withheld(value: Value, case: Case, age: GestationalAge | None, domain: Domain) -> str | None:
    """Why no centile may be printed: the conditions of the charts, in the order in which they are told."""
    measure = value.measure
    if not measure.equation or not measure.chart:
        return "no_chart"
    if several_fetuses(case):
        return "fetuses"
    if age is None:
        return "ga_unclear" if case.gestational_age else "no_ga"
    if domain.ga_basis[age.basis] in measure.no_centile_if_ga_basis:
        return "circular"
    convention, stated = measure.convention, value.given.convention
    ending = "_formula" if convention.kind == "formula" else ""
    if stated is None and convention.required_for_centile:
        return f"convention{ending}"
    if stated is not None and convention.chart and stated not in (convention.fits or (convention.chart,)):
        return f"convention_other{ending}"
    first, last = measure.equation["valid_ga_days"]
    if not first <= age.total_days <= last:
        return "outside_chart"
    # The scales of the charts end above zero; 0 is a value for a cisterna that cannot be seen.
    return "no_place" if value.given.value <= 0 else None
