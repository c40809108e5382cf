"""What an import costs: the mathematics loads nothing heavy, the help no mathematics."""

import subprocess
import sys

HEAVY = {
    "torch",
    "polars",
    "matplotlib",
    "rich",
    "pydantic",
    "jinja2",
    "cyclopts",
    "httpx2",
    "xllamacpp",
}


def modules_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    return {name.split(".", maxsplit=1)[0] for name in done.stdout.split()}


def test_importing_klimit_loads_no_mathematics_until_a_name_is_used() -> None:
    assert not modules_after("import klimit") & (HEAVY | {"numpy", "scipy"})


def test_every_public_name_loads_numpy_and_scipy_alone() -> None:
    loaded = modules_after("import klimit\nfor name in klimit.__all__: getattr(klimit, name)")
    assert "numpy" in loaded
    assert not loaded & HEAVY


def test_the_slow_part_of_scipy_is_never_loaded() -> None:
    program = "import klimit\nfor name in klimit.__all__: getattr(klimit, name)\nimport sys\n"
    done = subprocess.run(
        [sys.executable, "-c", program + "print('scipy.stats' in sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.strip() == "False"
