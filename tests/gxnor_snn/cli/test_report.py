"""`gxnor report`: one page with the run's own numbers."""

import re

from gxnor_hardware import load_profile


def test_page(work, tmp_path, gxnor) -> None:
    out = tmp_path / "page.html"
    words = ("--data", work.data, "--card", "loihi", "--card", "cutie", "--out", out)
    assert f"wrote {out}" in gxnor("report", work.graph, *words).stdout
    page = out.read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 6
    assert "Operations of other networks with these layers" in page
    assert "GXNOR, uniform" in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    for text in ("accuracy, engine native", "30 of tiny", "gxnor report", load_profile("loihi").display):
        assert text in page
    assert load_profile("crossbar").display not in page


def test_accuracy_stands_there_only_with_labels(work, tmp_path, gxnor) -> None:
    out = tmp_path / "page.html"
    words = ("report", work.graph, "--input", work.x, "--samples", 9, "--out", out, "-q")
    assert gxnor(*words).output == ""
    assert "accuracy, engine" not in out.read_text(encoding="utf-8")
    gxnor(*words, "--labels", work.y)
    assert "accuracy, engine" in out.read_text(encoding="utf-8")


def test_bad_input_is_refused(work, tmp_path, refused) -> None:
    words = ("report", work.graph, "--data", work.data)
    refused(*words, "--out", tmp_path, match="folder")
    refused(*words, "--out", tmp_path / "p.html", "--card", "nope", match="nope")
    refused(*words, "--out", tmp_path / "p.html", "--engine", "nope", match="nope")
    refused("report", work.checkpoint, "--data", work.data, "--out", tmp_path / "p.html", match="kind")
    assert list(tmp_path.iterdir()) == []
