"""graph: what it writes onnxruntime reads, and what it reads is what was written."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.reader.graph import Graph, operators, tensors, with_copies
from assistant.reader.onnx import session

LARGE = np.arange(-300, 300, dtype=np.int64).reshape(2, 300)  # its sizes take one byte and two


def test_tensors_come_back_as_they_were_written() -> None:
    written: list[NDArray[Any]] = [
        LARGE,
        np.array([[0.5]], np.float32),
        np.array([0, 255], np.uint8),
        np.array([-128], np.int8),
    ]
    graph = Graph()
    names = [graph.tensor(one) for one in written]
    read = tensors(graph.model({}, {}))
    assert list(read) == names
    for name, one in zip(names, written, strict=True):
        assert (read[name].dtype, read[name].tolist()) == (one.dtype, one.tolist())


def test_what_is_not_a_number_of_these_types_is_left_out() -> None:
    graph = Graph()
    name = graph.tensor(np.array([1], np.uint8))
    boolean = graph.model({}, {}).replace(b"\x10\x02", b"\x10\x09")  # TensorProto.data_type
    assert tensors(graph.model({}, {})).keys() == {name}
    assert tensors(boolean) == {}


def test_a_graph_runs() -> None:
    graph = Graph()
    summed = graph.add("ReduceMax", graph.add("Cast", "numbers", to=1), axes=[-1], keepdims=0)
    graph.add("LeakyRelu", summed, name="answer", alpha=0.25)
    model = session(graph.model({"numbers": ["rows", 2]}, {"answer": ["rows"]}), threads=1)
    (answer,) = model.run(["answer"], {"numbers": np.array([[1, 3], [-8, -4]])})
    assert answer.tolist() == [3, -1]


def test_copies_of_operators_run_beside_them_with_their_own_constants() -> None:
    graph = Graph()
    floats = graph.add("Cast", "numbers", to=1, name="below/floats")
    weights = graph.tensor(np.array([[2.0]], np.float32))
    product = graph.add("MatMul", floats, weights, name="upper/product")
    graph.add("Neg", product, name="upper/answer")
    model = graph.model({"numbers": ["rows", 1]}, {"upper/answer": ["rows", 1]})
    three = {weights: np.array([[3.0]], np.float32)}
    both = with_copies(model, ["upper/"], prefix="new:", constants=three, outputs=["new:upper/answer", "below/floats"])
    outputs = session(both, threads=1).run(None, {"numbers": np.array([[5]])})
    assert [one.tolist() for one in outputs] == [[[-10]], [[-15]], [[5]]]


def test_operators_are_found_by_kind() -> None:
    graph = Graph()
    graph.add("Neg", "a", name="b")
    graph.add("Add", "b", "a", name="c")
    model = graph.model({"a": [1]}, {})
    assert operators(model, "Sub") == {}
    assert operators(model, "Add") == {"c": ["b", "a"]}
