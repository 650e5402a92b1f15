"""`gxnor plot`: the right figures, as whole PNG files."""

from pathlib import Path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_figures(work, tmp_path, gxnor) -> None:
    out = tmp_path / "new" / "figures"
    text = gxnor("plot", work.graph, "--data", work.data, "--out", out).stdout
    assert names(out) == ["gating.png", "raster.png", "sparsity.png"]
    for path in out.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        assert path.read_bytes().endswith(b"IEND\xaeB`\x82")
        assert f"wrote {path}" in text


def test_energy_with_cards_and_another_sample(work, tmp_path, gxnor) -> None:
    plain, other = tmp_path / "plain", tmp_path / "other"
    words = ("plot", work.graph, "--input", work.x, "-q", "--out")
    assert gxnor(*words, plain).output == ""
    gxnor(*words, other, "--card", "loihi", "--sample", 1)
    assert names(other) == ["energy.png", *names(plain)]
    assert (plain / "sparsity.png").read_bytes() == (other / "sparsity.png").read_bytes()
    assert (plain / "raster.png").read_bytes() != (other / "raster.png").read_bytes()


def test_bad_input_is_refused(work, tmp_path, refused) -> None:
    words = ("plot", work.graph, "--data", work.data, "--out")
    refused(*words, tmp_path / "f", "--sample", 30, match="sample 30.*0..29")
    refused(*words, work.x, match="cannot make the folder")
    refused(*words, tmp_path / "f", "--card", "nope", match="nope")
    refused("plot", work.graph, "--out", tmp_path / "f", match="--data and --input")
