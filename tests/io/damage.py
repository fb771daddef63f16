"""Files damaged at random: a reader gives an answer or one clear line, nothing else."""

import numpy as np

from tmsguide.errors import TmsguideError


def survives(path, read, *, rounds=40, seed=0, head=4000):
    """Cut, flip and overwrite bytes of ``path``; ``read()`` must raise our errors only."""
    whole = path.read_bytes()
    rng = np.random.default_rng(seed)
    refused = 0
    for turn in range(rounds):
        data = bytearray(whole)
        if turn % 3 == 0:
            del data[int(rng.integers(0, len(data))) :]
        else:
            for _ in range(int(rng.integers(1, 6))):
                at = int(rng.integers(0, min(len(data), head)))
                data[at] = int(rng.integers(0, 256))
        path.write_bytes(bytes(data))
        refused += _refuses(read)
    path.write_bytes(whole)
    assert refused >= rounds // 4  # every cut at least, so that the test can fail


def _refuses(read):
    try:
        read()
    except TmsguideError as error:
        return len(str(error).splitlines()) == 1
    return False
