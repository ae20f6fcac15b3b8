"""Feedback comes at the pace of a reader, and the end always."""

import pytest

from deft_driver import feedback


def test_progress_is_told_seldom_and_the_end_always(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(feedback.time, "monotonic", lambda: now[0])
    told: list[tuple[float, str]] = []
    tell = feedback.seldom(lambda share, more: told.append((share, more)))
    for share in (0.0, 0.1, 0.2, 0.3):
        tell(share, "on the way")
        now[0] += 0.6 * feedback.FEEDBACK_S
    tell(1.0, "there")
    assert told == [(0.0, "on the way"), (0.2, "on the way"), (1.0, "there")]
