"""The documentation says what the code does."""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import klimit

MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(klimit.__path__, "klimit.")
]
PUBLIC = [
    getattr(module, name) for module in MODULES for name in getattr(module, "__all__", ())
]


def documented(thing: object, section: str) -> list[str]:
    text = inspect.getdoc(thing) or ""
    found = re.search(rf"^{section}:\n((?:    .*\n|\n)+)", text + "\n\n", re.MULTILINE)
    return re.findall(r"^    (\w+):", found[1], re.MULTILINE) if found else []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_all_lists_the_public_definitions(module: ModuleType) -> None:
    body = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8")).body
    defined = {node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    public = {name for name in defined if not name.startswith("_")}
    listed = getattr(module, "__all__", [])
    assert listed == sorted(listed)
    assert public <= set(listed)


@pytest.mark.parametrize("cls", [x for x in PUBLIC if dataclasses.is_dataclass(x)])
def test_attributes_are_the_fields(cls: type) -> None:
    fields = [field.name for field in dataclasses.fields(cls) if not field.name.startswith("_")]
    assert documented(cls, "Attributes") == fields


@pytest.mark.parametrize("function", [x for x in PUBLIC if inspect.isfunction(x)])
def test_args_are_the_parameters(function: object) -> None:
    assert documented(function, "Args") == list(inspect.signature(function).parameters)


@pytest.mark.parametrize("name", [x for x in klimit.__all__ if x != "__version__"])
def test_every_public_name_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(klimit, name))


@pytest.mark.parametrize("name", [x for x in klimit.__all__ if x != "__version__"])
def test_the_reference_asks_for_the_floor_of_every_public_name(name: str) -> None:
    page = Path(__file__).parents[1] / "docs" / "reference.md"
    floor = getattr(klimit, name).__module__.split(".")[1]
    assert f"%names:{floor}%" in page.read_text(encoding="utf-8")
