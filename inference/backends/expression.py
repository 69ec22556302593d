"""The expression network of face-api, rebuilt as ONNX from its published weights.

The weights are one binary, one byte a number with scale and minimum per tensor, and an index in JSON. The network
(`FaceExpressionNet.ts`): four dense blocks of four convolutions of 3×3, the first of each block with stride 2, the
very first one plain and all others depthwise with a pointwise one after it; before each next convolution the sum of all
outputs of the block so far goes through a ReLU; mean over the 7×7 that remain; linear to seven labels; softmax.
Kept in 32-bit floats: quantised again it runs three times slower.
"""

from __future__ import annotations

import json

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inference.backends.face import LABELS, SIDE

OPSET = 17


def dequantise(binary: bytes, index: bytes) -> dict[str, NDArray[np.float32]]:
    """Tensor name → values. Raises ValueError when the binary and its index do not fit each other."""
    tensors, at = {}, 0
    for entry in (weight for part in json.loads(index) for weight in part["weights"]):
        count = int(np.prod(entry["shape"]))
        packing = entry.get("quantization")
        dtype = np.dtype(packing["dtype"] if packing else entry["dtype"]).newbyteorder("<")
        if packing and packing["dtype"] != "uint8":
            raise ValueError(f"{entry['name']}: packed as {packing['dtype']}, expected uint8")
        raw = np.frombuffer(binary, dtype, count, at)
        at += raw.nbytes
        values = raw.astype(np.float32)
        if packing:
            values = values * np.float32(packing["scale"]) + np.float32(packing["min"])
        tensors[entry["name"]] = values.reshape(entry["shape"])
    if at != len(binary):
        raise ValueError(f"{len(binary) - at} bytes of weights are left over")
    return tensors


def convert(binary: bytes, index: bytes) -> bytes:
    """ONNX model: `face` (n, 3, 112, 112), RGB less its mean and divided by 255 → `probabilities` (n, 7)."""
    graph = _Graph(dequantise(binary, index))
    block = "face"
    for number in range(4):
        outputs = []
        for step in range(4):
            before = block if step == 0 else graph.node("Relu", [graph.total(outputs)])
            outputs.append(graph.convolution(f"dense{number}/conv{step}", before, stride=2 if step == 0 else 1))
            if step == 0:
                outputs[0] = graph.node("Relu", outputs)
        block = graph.node("Relu", [graph.total(outputs)])
    pooled = graph.node("Flatten", [graph.node("AveragePool", [block], kernel_shape=[7, 7])], axis=1)
    weights = graph.constant("fc/weights", graph.tensors["fc/weights"])
    bias = graph.constant("fc/bias", graph.tensors["fc/bias"])
    graph.node("Softmax", [graph.node("Gemm", [pooled, weights, bias])], output="probabilities", axis=1)
    return graph.model()


class _Graph:
    """Nodes and constants in the order they are added, with names made from a counter, so the bytes are the same."""

    def __init__(self, tensors: dict[str, NDArray[np.float32]]) -> None:
        self.tensors = tensors
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], *, output: str = "", **attributes: object) -> str:
        output = output or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, name: str, values: NDArray[np.float32]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def total(self, names: list[str]) -> str:
        return self.node("Sum", names) if len(names) > 1 else names[0]

    def convolution(self, name: str, before: str, *, stride: int) -> str:
        """Plain or depthwise-separable, by which tensors there are; TensorFlow's layout becomes ONNX's."""
        shape = {"auto_pad": "SAME_UPPER", "strides": [stride, stride]}
        bias = self.constant(f"{name}/bias", self.tensors[f"{name}/bias"])
        if f"{name}/filters" in self.tensors:  # height, width, in, out → out, in, height, width
            plain = self.constant(f"{name}/filters", self.tensors[f"{name}/filters"].transpose(3, 2, 0, 1))
            return self.node("Conv", [before, plain, bias], **shape)
        depthwise = self.tensors[f"{name}/depthwise_filter"].transpose(2, 3, 0, 1)  # in, 1, height, width
        pointwise = self.tensors[f"{name}/pointwise_filter"].transpose(3, 2, 0, 1)
        spread = self.node(
            "Conv", [before, self.constant(f"{name}/depthwise", depthwise)], group=depthwise.shape[0], **shape
        )
        return self.node("Conv", [spread, self.constant(f"{name}/pointwise", pointwise), bias])

    def model(self) -> bytes:
        graph = helper.make_graph(
            self._nodes,
            "face-api expression",
            [helper.make_tensor_value_info("face", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(LABELS)])],
            self._constants,
        )
        model = helper.make_model(
            graph, producer_name="concord", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8
        )
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString(deterministic=True)
