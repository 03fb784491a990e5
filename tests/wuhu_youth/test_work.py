"""The worker and beat as processes, on a real Redis."""

import pytest

from tests.live import LiveWork, wait_for


@pytest.mark.live
def test_work_goes_on_by_itself_after_redis_was_away(live_work: LiveWork, client):
    def state() -> dict[str, str]:
        return client.get("/readyz").json()

    wait_for(lambda: state()["worker"] == "ok", 10, what="the worker has told that it lives")
    live_work.stop_redis()
    assert state() == {"database": "ok", "seals": "ok", "broker": "down", "worker": "down"}

    live_work.start_redis()
    # Only beat's next sweep, taken by the worker, can bring the heart back: this Redis remembers nothing.
    wait_for(lambda: state()["worker"] == "ok", 75, what="the sweep came through after Redis returned")
