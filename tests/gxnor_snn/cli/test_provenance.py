"""Provenance: what was given, then versions and machine, all text."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version

import gxnor_snn
from gxnor_snn.cli.provenance import provenance


def test_facts_come_first_and_none_is_left_out() -> None:
    facts = provenance(command="gxnor demo", seed=3, test_accuracy=0.5, data=None)
    assert list(facts)[:3] == ["command", "seed", "test accuracy"]
    assert (facts["seed"], facts["test accuracy"]) == ("3", "0.5")
    assert "data" not in facts


def test_versions_and_machine() -> None:
    facts = provenance()
    assert facts["gxnor-snn"] == gxnor_snn.__version__
    assert facts["python"] == platform.python_version()
    assert facts["torch"] == version("torch")
    assert int(facts["cores"]) >= 1
    assert facts["processor"]
    assert platform.node() not in facts.values()
    assert abs((datetime.now(UTC) - datetime.fromisoformat(facts["time"])).total_seconds()) < 60
    assert all(isinstance(value, str) for value in facts.values())
