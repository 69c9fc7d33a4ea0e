import threading
import time

from ringfence.side_by_side import side_by_side


def test_no_more_items_at_a_time_than_wanted_and_results_keep_their_order():
    at_work, most, lock = 0, 0, threading.Lock()

    def do(item):
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.01)
        with lock:
            at_work -= 1
        return item * 2

    assert side_by_side(range(10), do, 3) == [item * 2 for item in range(10)]
    assert most <= 3
