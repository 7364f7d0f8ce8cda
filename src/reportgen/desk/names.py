"""What views, measurements and parts are called: in domain.yaml, and by people."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reportgen.domain import Domain

__all__ = ["Named", "called_in", "forms_of", "key_of", "names_in", "words_of"]


@dataclass(frozen=True)
class Named:
    """What a question names.

    Attributes:
        about: As those of what a record tells.
        exact: Whether it is the very name of a view or a measurement; a part of the body may be either.
    """

    about: frozenset[str]
    exact: Literal["view", "measure"] | None = None


def key_of(phrase: str) -> str:
    """The spelling that names are looked up in: "trans-thalamic" and "trans thalamic" are alike."""
    return re.sub(r"[^a-z\d]+", "", phrase.lower())


def words_of(phrase: str) -> list[str]:
    """Its words, in lower case."""
    return re.findall(r"[a-z]+", phrase.lower())


def forms_of(key: str) -> Iterator[str]:
    """A name, and what it is the plural of."""
    yield key
    if len(key) > 3 and key.endswith("s"):
        yield key[:-1]
    if len(key) > 4 and key.endswith("es"):
        yield key[:-2]


def called_in(domain: Domain) -> Iterator[tuple[str, Named]]:
    """The names that domain.yaml has for views and measurements."""
    for view in domain.views:
        about = Named(frozenset({f"view:{view.id}"}), "view")
        for name in (*view.called, *(label for labels in view.labels.values() for label in labels)):
            yield name, about
    for key, measure in domain.biometry.items():
        about = Named(frozenset({f"measure:{key}"}), "measure")
        for name in (key, measure.abbr, measure.name, measure.narrated, *measure.aliases):
            yield name, about


def names_in(domain: Domain) -> Iterator[tuple[str, Named]]:
    """Each name by its key; what people call a thing comes last, and so counts."""
    assert domain.asking is not None
    barred = {key_of(name) for name in domain.asking.not_names}
    yield from ((key_of(name), named) for name, named in called_in(domain) if key_of(name) not in barred)
    for thing in domain.asking.things:
        about = [f"view:{one}" for one in thing.views]
        about += [f"measure:{one}" for one in thing.measures] + [f"part:{one}" for one in thing.parts]
        exact: Literal["view", "measure"] | None = None
        if not thing.measures and not thing.parts:
            exact = "view"
        elif not thing.views and not thing.parts:
            exact = "measure"
        yield from ((key_of(word), Named(frozenset(about), exact)) for word in thing.words)
