"""Kernel headers for BCC out of the running kernel's BTF, so that no headers package is ever read.

Installed headers may belong to another kernel: programs would compile and read wrong offsets in silence. With
``BCC_KERNEL_SOURCE`` set to the folder made here, BCC looks nowhere else.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from agent.kernel.btf import Btf
from agent.kernel.header_tree import make_tree
from agent.kernel.libbcc import bpf_header, defined_names, library_path

BTF_PATH = Path("/sys/kernel/btf/vmlinux")
_GENERATOR = (
    "btf.py",
    "c_types.py",
    "header_tree.py",
    "libbcc.py",
    "data/types.toml",
    "data/macros.h",
    "data/includes.txt",
)
_SEAL = "content.sha256"


def ensure_headers(cache: Path, btf_path: Path = BTF_PATH) -> Path | None:
    """A header folder for the running kernel, made on first use and kept under ``cache``; None without BTF.

    Any number of processes may call it at once. A cached folder whose content is not what was written is made again.
    """
    try:
        blob = btf_path.read_bytes()
    except FileNotFoundError:
        return None
    release, config, bpf_h = os.uname().release, kernel_config(), bpf_header(library_path())
    target = cache / f"{release}-{_fingerprint(blob, config, bpf_h)}"
    if _is_sound(target):
        return target
    tree = make_tree(Btf(blob), defined_names(bpf_h), config, release)
    _publish(tree, target)
    return target


def kernel_config() -> str:
    """The running kernel's build configuration; empty where it is not published."""
    try:
        return gzip.decompress(Path("/proc/config.gz").read_bytes()).decode()
    except FileNotFoundError:
        path = Path(f"/boot/config-{os.uname().release}")
        return path.read_text() if path.exists() else ""


def kernel_build_id() -> str:
    """Names this very build of the kernel: the digest of its build notes, BTF and version."""
    digest = hashlib.sha256(" ".join(os.uname()[2:4]).encode())
    for path in (Path("/sys/kernel/notes"), BTF_PATH):
        if path.exists():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _fingerprint(blob: bytes, config: str, bpf_h: str) -> str:
    digest = hashlib.sha256(blob + config.encode() + bpf_h.encode())
    for name in _GENERATOR:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:16]


def _publish(tree: dict[str, str], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    try:
        draft.chmod(0o755)
        for name, text in tree.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (draft / _SEAL).write_text(_digest(draft))
        _swap_in(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _swap_in(draft: Path, target: Path) -> None:
    """Rename never replaces a folder that has content: the first writer wins, an unsound folder is moved away."""
    for _ in range(3):
        try:
            draft.rename(target)
        except OSError:
            if _is_sound(target):
                return
            _discard(target)
        else:
            return
    raise OSError(f"cannot write the header folder {target}: something keeps changing it; remove it and start again")


def _discard(folder: Path) -> None:
    grave = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        folder.rename(grave / "unsound")
    except FileNotFoundError:
        return
    finally:
        shutil.rmtree(grave, ignore_errors=True)


def _is_sound(folder: Path) -> bool:
    seal = folder / _SEAL
    return seal.is_file() and seal.read_text() == _digest(folder)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != _SEAL:
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()
