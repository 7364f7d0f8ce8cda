"""The engine without a model."""

from reportgen.engines import Parameters, TemplateEngine, load_engine
from reportgen.nouns.words import Prompt


def test_it_writes_nothing_and_reads_no_prompt() -> None:
    def prompts():
        raise AssertionError("a prompt was read")
        yield Prompt(messages=(("user", "?"),))

    assert list(TemplateEngine().generate(prompts(), Parameters())) == []


def test_its_fingerprint_does_not_depend_on_why() -> None:
    assert TemplateEngine("no CUDA device was found").fingerprint() == TemplateEngine().fingerprint()


def test_it_says_who_and_why() -> None:
    info = load_engine(engine="template").info
    assert info.engine == "template"
    assert info.model is None
    assert info.why == "the deterministic text was asked for"
