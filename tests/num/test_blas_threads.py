from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from threadpoolctl import threadpool_info

from tmsguide.num.blas_threads import one_blas_thread


def blas():
    return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]


def test_products_have_one_thread_inside_and_as_many_as_before_outside():
    before = blas()
    with one_blas_thread(), one_blas_thread():
        assert blas() == [1] * len(before)
    assert blas() == before


def test_the_setting_comes_back_after_an_error_and_after_overlapping_threads():
    before, barrier = blas(), Barrier(2)

    def inside(_):
        with one_blas_thread():
            barrier.wait(timeout=10)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(inside, range(2)))
    with pytest.raises(RuntimeError), one_blas_thread():
        raise RuntimeError
    assert blas() == before
