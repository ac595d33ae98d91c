"""The bundled model's file in, the same network with integer products out, as a model for onnxruntime.

The file has integer weights, but it is written to make floats of them and to multiply those. Here the states of each
token are rounded to 8 bits as well, so that nearly all of the work is products of integers, which processors with
instructions for them (VNNI, dot products of ARM) do faster. Each token has a scale of its own: what is
beside it in a text, or a text in a batch, does not change how it is rounded. The products are exact on every processor,
because the weights are stored without a sign: onnxruntime's kernel for signed ones saturates where VNNI is missing.

Attention, GELU and the normalisation stay in floats, each as one operator. onnxruntime documents its own ones in
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..reader.graph import FLOAT, MICROSOFT, Graph, tensors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Adapter = tuple[NDArray[np.float16], NDArray[np.float16]]
    """Two narrow matrices, (in, r) and (r, out)."""

LAYERS = 6
HEADS = 12
EPSILON = 1e-12
"""Added to a variance, as in the model's configuration."""
MIDDLE = 128
"""The unsigned byte that stands for zero."""
LOWEST = 14
"""The byte that stands for zero after a GELU, which is never under -0.17: 241 of the 255 steps are left above it."""
LEAST_SCALE = 0.17 / LOWEST
"""The least step after a GELU, with which its lowest value is the byte 0."""
OUTPUT = "last_hidden_state"
NOTHING: Mapping[str, Adapter] = MappingProxyType({})


def integer_network(model: bytes, added: Mapping[str, Adapter] = NOTHING) -> bytes:
    """The network of the bundled model's file: `input_ids` (1, length) in, `OUTPUT` (1, length, 384) out.

    One text at a time, so that no work goes into padding. `added`: by the name of a product, what it gains, in
    floats (low-rank adaptation, https://arxiv.org/abs/2106.09685).
    """
    return _Network(tensors(model), added).made()


def products(weights: Iterable[str]) -> list[str]:
    """The names of the products of each layer, as they are used: query, key, value, output, wide, narrow."""
    linear = [name.removesuffix("_q") for name in weights if name.startswith("val_") and name.endswith("_q")]
    return sorted(linear, key=lambda name: int(name.removeprefix("val_")))


class _Network:
    """The network in the making."""

    def __init__(self, weights: dict[str, NDArray[Any]], added: Mapping[str, Adapter]) -> None:
        self._weights, self._added_to, self._graph = weights, added, Graph()
        self._linear = iter(products(weights))
        self._one, self._least = self._number(1.0), self._number(1e-9)
        self._middle, self._lowest = self._byte(MIDDLE), self._byte(LOWEST)

    def made(self) -> bytes:
        states = self._embedded()
        for layer in range(LAYERS):
            states = self._layer(states, f"inner.encoder.layer.{layer}.", OUTPUT if layer == LAYERS - 1 else "")
        return self._graph.model({"input_ids": [1, "length"]}, {OUTPUT: [1, "length", 384]})

    def _embedded(self) -> str:
        """The first states of the pieces: those of the word, of its place, and of a first text."""
        import numpy as np

        add, of, name = self._graph.add, self._weights, "inner.embeddings."
        word = add("Gather", self._graph.tensor(of[name + "word_embeddings.weight_q"]), "input_ids")
        scale = add("Gather", self._graph.tensor(of[name + "word_embeddings.weight_scale"]), "input_ids")
        places = of[name + "position_embeddings.weight_q"] * of[name + "position_embeddings.weight_scale"]
        places = (places + of[name + "token_type_embeddings.weight"][0]).astype(np.float32)
        first, step = self._graph.tensor(np.array([0])), self._graph.tensor(np.array([1]))
        length = add("Shape", "input_ids", start=1, end=2)
        place = add("Slice", self._graph.tensor(places), first, length, first, step)
        summed = add("Add", add("Mul", add("Cast", word, to=FLOAT), scale), place)
        return self._normalised(summed, name + "LayerNorm")

    def _layer(self, states: str, name: str, output: str) -> str:
        import numpy as np

        add, of, attention = self._graph.add, self._weights, name + "attention."
        biases = [of[f"{attention}self.{part}.bias"] for part in ("query", "key", "value")]
        bias = self._graph.tensor(np.concatenate(biases))
        rounded = self._rounded(states)
        parts = [self._product(*rounded) for _ in biases]
        seen = add("MultiHeadAttention", *parts, bias, domain=MICROSOFT, num_heads=HEADS)
        states = self._added(states, self._product(*self._rounded(seen)), attention + "output.")
        inner = self._product(*self._rounded(states))
        bias = self._graph.tensor(of[name + "intermediate.dense.bias"])
        active = add("BiasGelu", inner, bias, domain=MICROSOFT)
        return self._added(states, self._product(*self._rounded_gelu(active)), name + "output.", output)

    def _added(self, states: str, change: str, name: str, output: str = "") -> str:
        """The states and their change, normalised."""
        bias = self._graph.tensor(self._weights[name + "dense.bias"])
        changed = self._graph.add("Add", self._graph.add("Add", change, bias), states)
        return self._normalised(changed, name + "LayerNorm", output)

    def _normalised(self, states: str, name: str, output: str = "") -> str:
        weight, bias = (self._graph.tensor(self._weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self._graph.add("LayerNormalization", states, weight, bias, name=output, axis=2, epsilon=EPSILON)

    # -- products of integers

    def _rounded(self, states: str) -> tuple[str, str, str, str]:
        """The states, the same as bytes around `MIDDLE`, the scale of each token, and the byte for zero."""
        size = self._graph.add("ReduceMax", self._graph.add("Abs", states), axes=[2], keepdims=1)
        scale = self._graph.add("Mul", self._graph.add("Max", size, self._least), self._number(1 / 127))
        return states, self._as_bytes(states, scale, MIDDLE), scale, self._middle

    def _rounded_gelu(self, states: str) -> tuple[str, str, str, str]:
        """The same for the values of a GELU, around `LOWEST`."""
        size = self._graph.add("ReduceMax", states, axes=[2], keepdims=1)
        scaled = self._graph.add("Mul", size, self._number(1 / (255 - LOWEST)))
        scale = self._graph.add("Max", scaled, self._number(LEAST_SCALE))
        return states, self._as_bytes(states, scale, LOWEST), scale, self._lowest

    def _as_bytes(self, states: str, scale: str, zero: int) -> str:
        import numpy as np

        add = self._graph.add
        scales = add("Reshape", scale, self._graph.tensor(np.array([-1])))
        zeros = add("Expand", self._graph.tensor(np.array([zero], np.uint8)), add("Shape", scales))
        return add("QuantizeLinear", states, scales, zeros, axis=1)

    def _product(self, states: str, rounded: str, scale: str, zero: str) -> str:
        """The product with the next weights: bytes times bytes, then the scales of the weights and of the tokens."""
        import numpy as np

        add = self._graph.add
        name = next(self._linear)
        unsigned = self._weights[name + "_q"].view(np.uint8) ^ np.uint8(MIDDLE)
        weight, scales = map(self._graph.tensor, (unsigned, self._weights[name + "_scale"].reshape(-1)))
        inputs = (rounded, weight, self._one, scales, zero, self._middle)
        product = add("Mul", add("MatMulIntegerToFloat", *inputs, domain=MICROSOFT), scale)
        if name not in self._added_to:
            return product
        down, up = (self._graph.tensor(narrow.astype(np.float32)) for narrow in self._added_to[name])
        return add("Add", product, add("MatMul", add("MatMul", states, down), up))

    def _number(self, value: float) -> str:
        import numpy as np

        return self._graph.tensor(np.array(value, np.float32))

    def _byte(self, value: int) -> str:
        import numpy as np

        return self._graph.tensor(np.array(value, np.uint8))
