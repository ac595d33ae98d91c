"""An ONNX file in, its tensors out; tensors and operators in, an ONNX file out.

The few messages of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto that models need, in the wire format of
https://protobuf.dev/programming-guides/encoding, so that the package onnx is needed by nobody.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

MICROSOFT = "com.microsoft"
"""The domain of onnxruntime's own operators: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md"""
FLOAT, UINT8, INT8, INT64 = 1, 2, 3, 7
"""TensorProto.DataType."""
_TYPES = {FLOAT: "<f4", UINT8: "u1", INT8: "i1", INT64: "<i8"}
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
Value = int | float | str | bytes | Sequence[int]


def tensors(model: bytes) -> dict[str, NDArray[Any]]:
    """The tensors of a model's graph by name, without a copy. Types other than those above are left out."""
    import numpy as np

    by_name: dict[str, NDArray[Any]] = {}
    for graph in _all(memoryview(model), 7):
        for tensor in _all(graph, 5):
            kinds, raw = list(_all(tensor, 2)), [*_all(tensor, 9), *_all(tensor, 4)]  # 4: of floats alone
            if raw and kinds[0] in _TYPES:
                name = bytes(next(_all(tensor, 8))).decode()
                by_name[name] = np.frombuffer(raw[0], _TYPES[kinds[0]]).reshape(list(_all(tensor, 1)))
    return by_name


def operators(model: bytes, kind: str) -> dict[str, list[str]]:
    """The inputs of each operator of a kind in the model's graph, by its output."""
    nodes = [node for graph in _all(memoryview(model), 7) for node in _all(graph, 1)]
    return {
        bytes(next(_all(node, 2))).decode(): [bytes(name).decode() for name in _all(node, 1)]
        for node in nodes
        if bytes(next(_all(node, 4))).decode() == kind
    }


def with_copies(
    model: bytes, of: Sequence[str], *, prefix: str, constants: Mapping[str, NDArray[Any]], outputs: Sequence[str]
) -> bytes:
    """The model with a second copy of the operators whose outputs begin with one of these names, and further outputs.

    The copies' names begin with `prefix`. Where a copy used a constant that is in `constants`, it uses that one.
    """
    nodes = [node for graph in _all(memoryview(model), 7) for node in _all(graph, 1)]
    copied = [node for node in nodes if bytes(next(_all(node, 2))).decode().startswith(tuple(of))]
    own = {bytes(name) for node in copied for name in _all(node, 2)} | {name.encode() for name in constants}
    before = prefix.encode()

    def renamed(number: int, value: Any) -> Any:
        """A field of an operator: its inputs, outputs and name are 1, 2 and 3."""
        content = bytes(value) if isinstance(value, memoryview) else value
        return before + content if number == 3 or (number in {1, 2} and content in own) else content

    added = [
        _field(1, b"".join(_field(number, renamed(number, value)) for number, value in _fields(node)))
        for node in copied
    ]
    added += [_constant(f"{prefix}{name}", values) for name, values in constants.items()]
    added += [_field(12, _field(1, name)) for name in outputs]
    return model + _field(7, b"".join(added))  # a parser merges it into the graph


@dataclass(slots=True)
class Graph:
    """A graph in the making, for texts of any length: one input of integers, and one output of floats."""

    _parts: list[bytes] = field(default_factory=list)
    _made: int = 0

    def tensor(self, values: NDArray[Any]) -> str:
        """Add a constant; returns its name."""
        name = self._name()
        self._parts.append(_constant(name, values))
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", name: str = "", **attributes: Value) -> str:
        """Add an operator with one output; returns its name, which is `name` if one is given."""
        name = name or self._name()
        settings = b"".join(_field(5, _attribute(key, value)) for key, value in attributes.items())
        named = b"".join(_field(1, one) for one in inputs) + _field(2, name)
        self._parts.append(_field(1, named + _field(4, operator) + settings + _field(7, domain)))
        return name

    def model(self, inputs: Mapping[str, Sequence[int | str]], outputs: Mapping[str, Sequence[int | str]]) -> bytes:
        """The whole as a model. The inputs are int64 and the outputs float; a size given as text is free."""
        ends = [_field(11, _end(name, INT64, sizes)) for name, sizes in inputs.items()]
        ends += [_field(12, _end(name, FLOAT, sizes)) for name, sizes in outputs.items()]
        graph = b"".join([*self._parts, _field(2, "graph"), *ends])
        operators = _field(8, _field(2, 17)) + _field(8, _field(1, MICROSOFT) + _field(2, 1))
        return b"".join([_field(1, 8), _field(7, graph), operators])

    def _name(self) -> str:
        self._made += 1
        return f"v{self._made}"


def _constant(name: str, values: NDArray[Any]) -> bytes:
    """A constant of a graph: TensorProto, as GraphProto.initializer."""
    kind = next(code for code, of in _TYPES.items() if values.dtype == of)
    dimensions = b"".join(_field(1, size) for size in values.shape)
    return _field(5, dimensions + _field(2, kind) + _field(8, name) + _field(9, values.tobytes()))


def _end(name: str, kind: int, sizes: Sequence[int | str]) -> bytes:
    """An input or output: ValueInfoProto."""
    shape = b"".join(_field(1, _field(1 if isinstance(size, int) else 2, size)) for size in sizes)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _attribute(name: str, value: Value) -> bytes:
    """AttributeProto: its value, and the number of the value's type."""
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, 2)
    if isinstance(value, float):
        return _field(1, name) + _field(2, value) + _field(20, 1)
    return _field(1, name) + b"".join(_field(8, one) for one in value if isinstance(one, int)) + _field(20, 7)


# -- the wire format


def _field(number: int, value: int | float | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | _FOUR) + struct.pack("<f", value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number counts as one of 64 bits."""
    value &= 2**64 - 1
    groups = bytearray()
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])


def _all(message: memoryview, number: int) -> Iterator[Any]:
    """The values of one field of a message."""
    return (value for field_number, value in _fields(message) if field_number == number)


def _fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """The number and the value of each field of a message."""
    at = 0
    while at < len(message):
        key, at = _read(message, at)
        kind = key & 7
        value: int | memoryview
        if kind == _VARINT:
            value, at = _read(message, at)
        else:
            size, at = _read(message, at) if kind == _BYTES else ({_EIGHT: 8, _FOUR: 4}[kind], at)
            value, at = message[at : at + size], at + size
        yield key >> 3, value


def _read(message: memoryview, at: int) -> tuple[int, int]:
    """The number that starts there, and where the next field does."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
