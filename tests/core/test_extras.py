"""Optional dependencies."""

import sys
from pathlib import Path

import pytest

from klimit.core.errors import MissingExtraError
from klimit.core.extras import optional


def test_a_package_that_is_there_is_imported() -> None:
    assert optional("json.decoder", feature="a test", extra="app").JSONDecoder


def test_a_package_that_is_absent_is_named_with_what_installs_it() -> None:
    with pytest.raises(MissingExtraError) as caught:
        optional("klimit_has_no_such.part", feature="reading tables", extra="app")
    assert str(caught.value) == "reading tables needs an extra: pip install 'klimit[app]'"
    assert isinstance(caught.value, ImportError)


def test_a_package_that_lacks_something_itself_is_not_called_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "klimit_broken_package.py").write_text("import klimit_has_no_such\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="klimit_has_no_such") as caught:
        optional("klimit_broken_package", feature="reading tables", extra="app")
    assert not isinstance(caught.value, MissingExtraError)
    assert "klimit_broken_package" not in sys.modules
