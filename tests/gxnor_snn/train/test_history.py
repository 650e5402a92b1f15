import csv
import json
from pathlib import Path

from gxnor_snn.train import EpochRecord, History

HISTORY = History(
    (EpochRecord(1, 0.1, 0.5, 0.7, None, 0.3, 1234), EpochRecord(2, 0.01, 0.25, 0.8, 0.75, 0.31, 12)), 2, 1.5
)


def test_to_dict_is_json_able_and_complete() -> None:
    value = json.loads(json.dumps(HISTORY.to_dict()))
    assert (
        History(tuple(EpochRecord(**e) for e in value["epochs"]), value["selected"], value["seconds"]) == HISTORY
    )


def test_to_csv_has_one_line_per_epoch(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    HISTORY.to_csv(path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert rows[0]["validation_accuracy"] == ""
    assert rows[1] == {
        "epoch": "2",
        "lr": "0.01",
        "loss": "0.25",
        "train_accuracy": "0.8",
        "validation_accuracy": "0.75",
        "zero_fraction": "0.31",
        "flips": "12",
    }
