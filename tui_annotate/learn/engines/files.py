"""Files of models and spaces: arrays and JSON that are checked when read and can run no code."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tui_annotate.errors import LearnError, ParameterError

VERSION = 1
HINT = "Train again, or deploy another run."


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`model.json`: what a model folder holds, so that a wrong or altered file is noticed before it is used."""

    version: int
    engine: str
    task: str
    space: str
    """Digest of the space that the model was fitted in."""
    files: dict[str, str]
    """SHA-256 of each file by name."""
    details: dict[str, Any] = {}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `model.json`, adding the checksums of the files that it names."""
    files = {name: checksum(folder / name) for name in manifest.files}
    whole = msgspec.structs.replace(manifest, files=files)
    (folder / "model.json").write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1))


def read_manifest(folder: Path, *, engine: str = "") -> Manifest:
    """Read `model.json` and check the version, the engine and every file's checksum; raises LearnError."""
    path = folder / "model.json"
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise LearnError(f"{path}: the model cannot be read: {error.strerror}.", hint=HINT) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LearnError(f"{path}: this is no model description: {error}.", hint=HINT) from error
    if manifest.version != VERSION:
        raise LearnError(f"{path}: model version {manifest.version}; this program reads {VERSION}.", hint=HINT)
    if engine and manifest.engine != engine:
        raise LearnError(f"{path}: made by the engine {manifest.engine!r}, not {engine!r}.", hint=HINT)
    for name, expected in manifest.files.items():
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or set(name) & {"\\", "\0"} or name in ("", "."):
            raise LearnError(f"{path}: names a file outside its folder: {name!r}.", hint=HINT)
        if checksum(folder / name) != expected:
            raise LearnError(f"{folder / name}: altered since it was written, so it is not used.", hint=HINT)
    return manifest


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file as hex; raises LearnError when it cannot be read."""
    digest = sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise LearnError(f"{path}: the file cannot be read: {error.strerror}.", hint=HINT) from error
    return digest.hexdigest()


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays to an `.npz` file, none of them of objects."""
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"array {name!r} holds objects")
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_arrays(path: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Read arrays from an `.npz` file without unpickling anything; raises LearnError where one is missing."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except OSError as error:
        raise LearnError(f"{path}: the file cannot be read: {error.strerror or error}.", hint=HINT) from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, SyntaxError) as error:
        raise LearnError(f"{path}: damaged, or no file of arrays as we write them.", hint=HINT) from error


def pack_strings(strings: Iterable[str]) -> NDArray[np.uint8]:
    """Return strings without line feeds as one array of bytes."""
    return np.frombuffer("\n".join(strings).encode("utf-8", "surrogatepass"), dtype=np.uint8)


def unpack_strings(packed: NDArray[np.uint8]) -> list[str]:
    """Return the strings that `pack_strings` packed; none of none."""
    return packed.tobytes().decode("utf-8", "surrogatepass").split("\n") if packed.size else []


def content_digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return a digest of names and values of arrays, equal over machines of one byte order."""
    digest = sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + str(arrays[name].dtype).encode() + str(arrays[name].shape).encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()[:32]


def read_parameters(type: Any, given: Mapping[str, Any]) -> Any:
    """Return an engine's parameters with those given worked in; raises ParameterError naming the one at fault."""
    known = {f.name: f for f in msgspec.structs.fields(type)}
    for name in given:
        if name not in known:
            raise ParameterError(f"There is no parameter {name!r}.", hint=f"Parameters: {', '.join(known)}.")
    try:
        return msgspec.convert(dict(given), type, strict=False)
    except msgspec.ValidationError as error:
        raise ParameterError(f"Parameter out of range: {error}.") from error
