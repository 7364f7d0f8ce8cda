"""How those that are compared are named."""

import pytest

from batches import put
from reportgen.desk.compare.apart import without_places
from reportgen.desk.compare.plan import Contestant, contestants, tail
from reportgen.errors import UsageError


def named(*texts, plan=None, **usual):
    return contestants(texts, plan, **usual)


def test_a_model_a_precision_and_keys():
    one, other, fixed = named(
        "medgemma-4b-it:int8", "google/medgemma-27b-text-it,device=cuda,batch-size=4,name=large", "template"
    )
    assert (one.name, one.model, one.precision) == ("medgemma-4b-it:int8", "medgemma-4b-it", "int8")
    assert (other.name, other.model, other.device, other.batch_size) == (
        "large",
        "google/medgemma-27b-text-it",
        "cuda",
        4,
    )
    assert fixed.engine == "template"


def test_a_colon_in_a_path_is_no_precision():
    assert named(r"C:\models\tiny", "template")[0].model == r"C:\models\tiny"
    assert named(r"C:\models\tiny:bf16", "template")[0].precision == "bf16"


def test_a_server_is_asked_over_its_interface():
    one = named("auto,server=http://localhost:8000/v1", "template", device="cpu", precision="int8")[0]
    assert (one.engine, one.device, one.precision) == ("openai", None, None)
    assert one.name == "auto at localhost:8000"


def test_what_is_usual_holds_for_those_that_say_nothing():
    one, other, fixed = named("a", "b:bf16,device=cuda", "template", device="cpu", precision="fp32")
    assert (one.device, one.precision) == ("cpu", "fp32")
    assert (other.device, other.precision) == ("cuda", "bf16")
    assert (fixed.device, fixed.precision) == (None, None)


def test_a_plan_comes_first(tmp_path):
    text = '[[contestant]]\nname = "eight"\nmodel = "medgemma-4b-it"\nprecision = "int8"\nbatch_size = 8\n'
    plan = put(tmp_path, "plan.toml", text)
    assert [one.name for one in named("template", plan=plan)] == ["eight", "template"]


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (("template",), "from 2 to 12"),
        (("a", "a"), "called 'a'"),
        (("a", "A"), "called 'a'"),
        (("a,colour=red", "b"), "there is no 'colour'"),
        (("a,devise=cpu", "b"), "Did you mean 'device'"),
        (("a:int9", "b"), "Did you mean 'int8'"),
        (("a,device=moon", "b"), "device"),
        (("a,batch_size=0", "b"), "batch_size"),
        (("a,batch_size=x", "b"), "batch_size"),
        (("a:int8,precision=bf16", "b"), "stated twice"),
        ((",name=x", "b"), "model"),
        (("a,name=" + "x" * 61, "b"), "name"),
    ],
)
def test_what_is_misspelt_is_refused(texts, problem):
    with pytest.raises(UsageError, match=problem):
        named(*texts)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[contestant]]\ncolour = 1\n", "contestant 1: there is no 'colour'"),
        ("[contestant]\nmodel = 'a'\n", "something else"),
        ("x = 1\n", "something else"),
        ("[[contestant", "not TOML"),
        ("[[contestant]]\nmodel = 1\n", "model"),
    ],
)
def test_a_wrong_plan_is_refused(tmp_path, text, problem):
    with pytest.raises(UsageError, match=problem):
        named("template", plan=put(tmp_path, "plan.toml", text))


def test_outputs_name_no_folder(tmp_path):
    folder = tmp_path / "anna" / "model"
    folder.mkdir(parents=True)
    one = named(f"{folder}:fp32,domain={tmp_path / 'anna' / 'terse'}", "template")[0]
    assert one.name == "model:fp32, terse"
    assert one.told == "model:fp32,domain=terse"
    assert tail("google/medgemma-4b-it") == "google/medgemma-4b-it"
    said = f"The weights of '{folder}' are not there: {folder}/x.json (http://host:80/v1)"
    assert (
        without_places(said, one) == "The weights of 'model' are not there: model/x.json (http://host:80/v1)"
    )
    assert without_places(r"C:\Users\anna\m\x.json is gone") == "x.json is gone"


def test_a_name_of_one_s_own_is_told():
    assert Contestant(name="mine", model="a").told == "a,name=mine"


def test_the_fixed_sentences_have_no_precision():
    with pytest.raises(UsageError, match="the fixed sentences have no precision"):
        contestants(["template:int8", "smollm2-135m"], None)
