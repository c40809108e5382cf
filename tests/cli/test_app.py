"""The command line: exit codes, one-line errors and light help."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from klimit import __version__
from klimit.cli import app

ROOT = Path(__file__).parents[2]
HEAVY = {"numpy", "scipy", "polars", "pandas", "matplotlib", "pydantic", "jinja2", "httpx2"}


@pytest.fixture(autouse=True)
def _one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "End in one way."
    monkeypatch.setitem(app.COMMANDS, "finish", ("tests.cli.commands_for_tests:finish", line))


@pytest.mark.parametrize(
    ("tokens", "code"),
    [
        (["finish", "well"], 0),
        (["finish", "warned"], 0),
        (["finish", "refused"], 1),
        (["finish", "unmet"], 1),
        (["finish", "full"], 1),
        (["finish"], 2),
        (["finish", "sideways"], 2),
        (["finish", "well", "--nonsense"], 2),
        (["nonsense"], 2),
        (["finish", "backend"], 3),
        (["finish", "interrupted"], 130),
        ([], 0),
        (["--version"], 0),
    ],
)
def test_each_ending_has_its_exit_code(tokens: list[str], code: int) -> None:
    assert app.run(tokens) == code


@pytest.mark.parametrize("how", ["refused", "backend", "sideways", "interrupted", "full"])
def test_an_error_is_one_line_on_stderr(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    app.run(["finish", how])
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_an_error_message_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    app.run(["finish", "refused"])
    shown = "error: needed [red]this[/red], came \\x1b[31mthat\\x1b[0m; mend it mend it"
    assert capsys.readouterr().err.startswith(shown)


def test_a_usage_error_says_where_the_help_is(capsys: pytest.CaptureFixture[str]) -> None:
    app.run(["finish", "well", "--nonsense"])
    assert capsys.readouterr().err == (
        "error: Unknown option: --nonsense; see klimit finish --help\n"
    )


def test_a_warning_of_klimit_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    app.run(["finish", "warned"])
    assert capsys.readouterr().err == "warning: take [care]\n"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    app.run(["--version"])
    assert capsys.readouterr().out == f"{__version__}\n"


def test_a_command_shows_its_own_docstring(capsys: pytest.CaptureFixture[str]) -> None:
    app.run(["finish", "--help"])
    assert "The long description" in capsys.readouterr().out


def test_help_lists_every_command_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    app.run(["--help"])
    listed = capsys.readouterr().out
    for name, (_, line) in app.COMMANDS.items():
        assert name in listed
        assert line in listed


def test_help_shows_budgets_as_they_are_typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    app.run(["frontier", "--help"])
    assert "0.1,0.25,0.5,1,2" in capsys.readouterr().out


def python(code: str, **environment: str) -> subprocess.Popen[str]:
    """A fresh interpreter, without the import hooks of the tests."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "80"} | environment,
    )


@pytest.mark.parametrize("tokens", [["--help"], *([name, "--help"] for name in app.COMMANDS)])
def test_help_imports_no_mathematics(tokens: list[str]) -> None:
    code = (
        "import sys; from klimit.cli.app import run; "
        f"code = run({tokens!r}); print(' '.join(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    out, modules = python(code).communicate()
    assert "Usage: klimit" in out
    assert not HEAVY & set(modules.split())


@pytest.mark.parametrize("package", ["rich", "cyclopts"])
def test_without_its_extra_the_command_says_how_to_install_it(package: str) -> None:
    code = (
        f"import sys; sys.modules['{package}'] = None; sys.argv = ['klimit', '--help']; "
        "from klimit.cli.app import main; main()"
    )
    with python(code) as process:
        out, err = process.communicate()
    assert (process.returncode, out) == (1, "")
    assert err == "error: the command line needs an extra: pip install 'klimit[app]'\n"


def test_an_unknown_command_is_told_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["fronteer"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: there is no command 'fronteer'; there are demo, frontier, ")
    assert "models" in err
    assert err.count("\n") == 1


def test_a_system_error_names_its_file_first(capsys: pytest.CaptureFixture[str]) -> None:
    app.run(["finish", "full"])
    assert capsys.readouterr().err == "error: results.txt: No space left on device\n"


def test_a_reader_who_leaves_early_sees_no_traceback() -> None:
    code = (
        "import sys; from klimit.cli import app; "
        "app.COMMANDS['finish'] = ('tests.cli.commands_for_tests:finish', ''); "
        "sys.exit(app.run(['finish', 'loud']))"
    )
    with python(code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_the_module_runs_as_the_command() -> None:
    code = "import runpy, sys; sys.argv = ['klimit', '--version']; "
    out, _ = python(code + "runpy.run_module('klimit', run_name='__main__')").communicate()
    assert out == f"{__version__}\n"


def test_a_terminal_that_lacks_a_character_is_no_reason_to_fail() -> None:
    table = "examples/smollm2_draws.parquet"
    tokens = ["klimit", "frontier", table, "--reward", "sentiment", "--kl", "1"]
    code = f"import sys; sys.argv = {tokens!r}; from klimit.cli.app import main; main()"
    environment = {"PYTHONIOENCODING": "ascii", "TTY_COMPATIBLE": "1", "TERM": "dumb"}
    with python(code, **environment) as process:
        out, err = process.communicate()
    assert err == ""
    assert "0.807 ? 0.017" in out
