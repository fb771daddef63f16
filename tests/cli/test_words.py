"""The command line answers quickly, plainly and with the right exit code."""

import subprocess
import sys

import pytest

from tmsguide.cli import main


def run_fresh(code):
    words = [sys.executable, "-c", code]
    return subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom tmsguide.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as e:\n    assert e.code == 0\n"
        "heavy = {'numpy', 'scipy', 'numba', 'nibabel', 'nilearn', 'SimpleITK', 'rich'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    out = run_fresh(code).stdout
    assert "HEAVY []" in out
    assert "Research use only" in " ".join(out.split())


def test_import_of_the_package_loads_nothing_heavy():
    code = "import sys, tmsguide; print(sorted({'numpy', 'scipy'} & set(sys.modules)))"
    assert run_fresh(code).stdout.strip() == "[]"


@pytest.mark.parametrize("words", [[], ["nowhere"], ["a", "b", "cohort"], ["demo", "--nonsense"]])
def test_wrong_words_exit_2(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_doctor_is_well_here(capsys):
    assert main(["doctor"]) == 0
    assert "all is well" in capsys.readouterr().out
