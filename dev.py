#!/usr/bin/env python3
"""Everything from a bare python3 >= 3.11 with pip: environment first, then the job.

python3 dev.py demo            run the synthetic person end to end
python3 dev.py test [ARGS]     lint, types, structure, then the tests (ARGS go to pytest)
python3 dev.py check           lint, types, structure only
python3 dev.py bench NAME      one JSON object as the last line (docs/benchmarks.md)
python3 dev.py run ARGS        tmsguide ARGS inside the environment
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BIN = "Scripts" if os.name == "nt" else "bin"
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
UV = "uv==0.13.9"


def call(*command: object, **environment: str) -> int:
    """Run a command in the project's root and give its exit code."""
    environ = {**os.environ, **environment}
    return subprocess.call([str(c) for c in command], cwd=ROOT, env=environ)


def ensure(*extras: str) -> None:
    """Make .venv hold the locked packages plus the extras; does nothing when it already does."""
    if sys.version_info[:2] not in {(3, 11), (3, 12)}:
        sys.exit(
            f"dev.py: this is Python {sys.version.split()[0]}; tmsguide needs 3.11 or 3.12 "
            "(call e.g. python3.12 dev.py ...)"
        )
    stamp = VENV / ".stamp"
    locked = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "uv.lock"))
    want = hashlib.sha256(locked + sys.version.encode()).hexdigest()
    have = stamp.read_text().split() if stamp.exists() else []
    if have[:1] == [want] and set(extras) <= set(have[1:]):
        return
    print(f"dev.py: installing the locked packages into {VENV.name} (once)", flush=True)
    python = TOOLS / BIN / "python"
    if not python.exists():
        venv.create(TOOLS, with_pip=True, clear=True)
    if not (TOOLS / BIN / "uv").exists() and call(python, "-m", "pip", "install", "-q", UV):
        sys.exit("dev.py: pip could not install uv; see its words above")
    wanted = sorted(set(extras) | set(have[1:] if have[:1] == [want] else ()))
    flags = [part for extra in wanted for part in ("--extra", extra)]
    uv = TOOLS / BIN / "uv"
    code = call(
        uv, "sync", "-q", "--frozen", "--inexact", "--compile-bytecode",
        "--python", sys.executable, *flags,
        VIRTUAL_ENV=str(VENV), UV_PROJECT_ENVIRONMENT=str(VENV),
    )  # fmt: skip
    if code:
        sys.exit("dev.py: uv sync failed; see its words above")
    stamp.write_text(" ".join([want, *wanted]))


def forget_stale_kernels() -> None:
    """Drop compiled kernels older than any source of theirs: numba looks at one file only.

    A kernel that was built from a function of another module keeps that function as it was.
    """
    sources = ROOT / "src" / "tmsguide"
    compiled = [*sources.rglob("*.nbi"), *sources.rglob("*.nbc")]
    newest = max(path.stat().st_mtime for path in sources.rglob("*.py"))
    if any(path.stat().st_mtime < newest for path in compiled):
        for path in compiled:
            path.unlink(missing_ok=True)


def check() -> int:
    """Lint, types and structure; the first that fails stops."""
    here = VENV / BIN
    steps = (
        (here / "ruff", "check", "--quiet", "."),
        (here / "ruff", "format", "--check", "--quiet", "."),
        (here / "mypy", "--no-error-summary"),
        (here / "lint-imports", "--no-cache"),
    )
    for step in steps:
        if code := call(*step):
            print(f"dev.py: {step[0].name} found faults", flush=True)
            return code
    return 0


def main(argv: list[str]) -> int:
    """Make the environment that the job needs, then do the job."""
    job, rest = (argv[0], argv[1:]) if argv else ("help", [])
    here = VENV / BIN
    forget_stale_kernels()
    if job in {"demo", "run"}:
        ensure()
        return call(here / "tmsguide", *(["demo"] if job == "demo" else []), *rest)
    if job == "test":
        ensure("dev", "test")
        return check() or call(
            here / "python", "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-q", *rest,
            OPENBLAS_NUM_THREADS="1",  # two workers; threads of small products only wait
        )  # fmt: skip
    if job == "check":
        ensure("dev", "test")
        return check()
    if job == "bench":
        ensure("dev", "test")
        return call(here / "python", "-m", "benchmarks", *rest)
    print(__doc__)
    return 0 if job in {"help", "-h", "--help"} else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
