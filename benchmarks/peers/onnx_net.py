"""The same layers in ONNX Runtime: float32, and int8 by its own static quantisation in the quickest form."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import Contestant, quickest, require, versions
from .twin import Stage

PACKAGE = ("onnxruntime==1.31.1", "onnx", "ml_dtypes")


def model_of(stages: list[Stage], shape: tuple[int, ...]) -> Any:
    """The net as an ONNX model: Conv or Gemm with bias, ReLU, MaxPool."""
    helper: Any = require("onnx.helper", *PACKAGE)
    numpy_helper: Any = require("onnx.numpy_helper", *PACKAGE)
    onnx: Any = require("onnx", *PACKAGE)
    nodes, weights, at = [], [], "x"

    def add(kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind}{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    for number, stage in enumerate(stages):
        step = np.abs(stage.scale).reshape((-1,) + (1,) * (stage.weights.ndim - 1))
        for letter, values in (("w", stage.weights * step), ("b", stage.offset)):
            weights.append(numpy_helper.from_array(values.astype(np.float32), f"{letter}{number}"))
        if stage.weights.ndim == 4:
            kernel = list(stage.weights.shape[2:])
            at = add("Conv", at, f"w{number}", f"b{number}", kernel_shape=kernel, pads=[stage.padding] * 4)
        else:
            if number and stages[number - 1].weights.ndim == 4:
                at = add("Flatten", at)
            at = add("Gemm", at, f"w{number}", f"b{number}", transB=1)
        if number < len(stages) - 1:
            at = add("Relu", at)
        if stage.pooled:
            at = add("MaxPool", at, kernel_shape=[2, 2], strides=[2, 2])
    tensor, kind = helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    outputs = [tensor(at, kind, ["n", len(stages[-1].weights)])]
    graph = helper.make_graph(nodes, "net", [tensor("x", kind, ["n", *shape])], outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def onnx_nets(
    stages: list[Stage], x: NDArray[Any], batches: tuple[int, ...], trial: int, threads: int
) -> dict[str, Contestant]:
    """ "ONNX Runtime float32" and "ONNX Runtime int8"."""
    runtime: Any = require("onnxruntime", *PACKAGE)
    quantization: Any = require("onnxruntime.quantization", *PACKAGE)
    shapes: Any = require("onnxruntime.quantization.shape_inference", *PACKAGE)
    ready = x.astype(np.float32)

    class Calibration(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter([{"x": ready[:16]}])

        def get_next(self) -> Any:
            return next(self.left, None)

    def session(path: Path) -> Any:
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    with TemporaryDirectory() as folder:
        plain = Path(folder, "float.onnx")
        plain.write_bytes(model_of(stages, x.shape[1:]).SerializeToString())
        sessions = {"float32": {"": session(plain)}, "int8": {}}
        unsigned, signed = quantization.QuantType.QUInt8, quantization.QuantType.QInt8
        prepared = Path(folder, "prepared.onnx")
        shapes.quant_pre_process(plain, prepared)
        for form in (quantization.QuantFormat.QDQ, quantization.QuantFormat.QOperator):
            path = Path(folder, f"{form}.onnx")
            quantization.quantize_static(
                prepared, path, Calibration(), form, per_channel=True, activation_type=unsigned, weight_type=signed
            )
            sessions["int8"][f"{form}, u8 x s8, "] = session(path)
    found = {}
    for kind, forms in sessions.items():
        candidates = {
            f"{form}batches of {size}": (batched(net, ready[:trial], size), net, size)
            for form, net in forms.items()
            for size in batches
        }
        best, tried = quickest({name: run for name, (run, _, _) in candidates.items()})
        _, net, size = candidates[best]
        equal = "same layers, ReLU in place of ternary levels (quicker)"
        setting = f"on {trial} samples: {tried}"
        found[f"ONNX Runtime {kind}"] = Contestant(
            batched(net, ready, size), setting, equal, versions("onnxruntime", "onnx")
        )
    return found


def batched(net: Any, x: NDArray[Any], size: int) -> Any:
    def run() -> Any:
        return np.concatenate([net.run(None, {"x": x[i : i + size]})[0] for i in range(0, len(x), size)])

    return run
