"""How far a long command is, where nobody watches a terminal."""

from deft_affordance import progress


def test_a_log_gets_a_line_each_time_with_what_is_left(capsys, monkeypatch):
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    assert list(progress.bar(range(3), total=3, unit="clip", what="labelling")) == [0, 1, 2]
    said = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in said][:4] == [f"labelling: {n} of 3 clips" for n in range(4)]
    assert all("left 00:0" in line or "left ?" in line for line in said) and not any("\r" in line for line in said)
    list(progress.bar(iter(range(3)), unit="annotation"))
    assert "3 annotations, 00:00" in capsys.readouterr().err


def test_what_is_soon_done_says_nothing(capsys):
    with progress.bar(total=2, unit="clip") as counted:
        counted.update(2)
    assert capsys.readouterr().err == ""
