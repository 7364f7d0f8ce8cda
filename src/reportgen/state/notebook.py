"""The notebook in which printed facts and the reviewer's items grow."""

from collections.abc import Iterable

from reportgen.nouns import Fact, ReviewerItem

__all__ = ["Notes"]


class Notes:
    """Printed facts and reviewer's items, in the order in which they are found."""

    def __init__(self, first: int) -> None:
        self.facts: list[Fact] = []
        self.items: list[ReviewerItem] = []
        self._next = first

    def fact(self, kind: str, surface: str, name: str, images: Iterable[str] = ()) -> str:
        """Write down a printed fact and return its id."""
        fact = Fact.model_validate(
            {"id": f"F{self._next}", "kind": kind, "surface": surface, "name": name, "images": tuple(images)}
        )
        self._next += 1
        self.facts.append(fact)
        return fact.id

    def item(self, rule: str, text: str, images: Iterable[str] = (), facts: Iterable[str] = ()) -> None:
        """Put something on the reviewer's list."""
        self.items.append(
            ReviewerItem.model_validate(
                {"rule": rule, "text": text, "images": tuple(images), "facts": tuple(facts)}
            )
        )

    def flag(self, kind: str, text: str, name: str, images: Iterable[str] = ()) -> None:
        """A printed fact that is on the reviewer's list in the same words."""
        images = tuple(images)
        self.item(kind, text, images, [self.fact(kind, text, name, images)])

    def ids(self, kind: str, image_id: str) -> tuple[str, ...]:
        """Ids of the facts of a kind that rest on an image."""
        return tuple(fact.id for fact in self.facts if fact.kind == kind and image_id in fact.images)
