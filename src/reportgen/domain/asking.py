"""How questions about a record are read: the entries of a domain's ``asking.yaml``."""

from typing import Literal

from pydantic import Field

from reportgen.domain.entries import Entry

__all__ = ["ASKING", "Asking", "Thing", "Topic"]

ASKING = "asking.yaml"
#: Kinds of what a record tells, in the order in which they are tried.
Tiers = tuple[tuple[str, ...], ...]


class Thing(Entry):
    """What people call something: ids of views, keys of measurements, ids of parts without a class.

    Attributes:
        beside: An attribute that says nothing alone: "how long" asks for the femur only where it is named.
    """

    words: tuple[str, ...]
    views: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    beside: bool = False


class Topic(Entry):
    """What a question asks for, by the groups that its words are in.

    Attributes:
        named: Kinds that are told of what the question names; none where nothing can be named.
        all: Kinds that are told where nothing is named; those of ``named`` if empty.
        lifts: Words of ``beyond`` that this topic answers.
        takes: Groups that it uses up beside its own.
        only: Holds only where the question names nothing.
        bare: A measurement that is named is told all the same, as where nothing is asked of it.
    """

    when: tuple[str, ...]
    unless: tuple[str, ...] = ()
    named: Tiers = ()
    all: Tiers = ()
    lifts: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    only: bool = False
    bare: bool = False


class Asking(Entry):
    """What reading a question needs; ``sentences`` are what answers say beside those of reports."""

    frame: tuple[str, ...]
    beyond: tuple[str, ...]
    interrogatives: tuple[str, ...]
    openers: tuple[str, ...]
    premises: tuple[str, ...]
    states: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    topics: tuple[Topic, ...]
    bare: Tiers
    things: tuple[Thing, ...]
    attributes: tuple[Thing, ...] = ()
    not_names: tuple[str, ...] = ()
    #: Real words in which no slip of a known one is seen.
    not_slips: tuple[str, ...] = ()
    #: Groups of words that ask of the whole case: beside a name they are a question of their own, or none.
    apart: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ordinals: dict[str, int]
    image_words: tuple[str, ...]
    #: The group that a numbered image is asked for by, where a question says nothing else.
    image_group: str
    fetus_words: tuple[str, ...] = ()
    #: Messages with which a model is asked to choose; the last one holds {facts} and {question}.
    choose: tuple[tuple[Literal["system", "user", "assistant"], str], ...] = Field(min_length=1)
    sentences: dict[str, str]

    def unknown(self, views: set[str], measures: set[str], parts: set[str]) -> str | None:
        """The first name in it that neither the domain nor its own groups have."""
        for thing in (*self.things, *self.attributes):
            for names, known in ((thing.views, views), (thing.measures, measures), (thing.parts, parts)):
                if stray := sorted(set(names) - known):
                    return stray[0]
        for topic in self.topics:
            if stray := sorted({*topic.when, *topic.unless, *topic.takes, *self.apart} - set(self.groups)):
                return stray[0]
        return None
