"""The bundled embedder as a PyTorch module that reads questions, with narrow matrices to be learnt beside its own.

The layers are those of BERT (https://arxiv.org/abs/1810.04805), as `assistant.index.network` computes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from assistant.index.network import EPSILON, HEADS, LAYERS, products

from .lowrank import Product

WIDTH = 384
DROPPED = 0.1

Weights = Mapping[str, NDArray[Any]]


def _norm(weights: Weights, name: str) -> tuple[Tensor, Tensor]:
    return torch.tensor(np.array(weights[f"{name}.weight"])), torch.tensor(np.array(weights[f"{name}.bias"]))


def _normed(states: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
    return functional.layer_norm(states, (WIDTH,), *norm, EPSILON)


def _floats(weights: Weights, name: str) -> NDArray[np.float32]:
    return np.asarray(weights[f"{name}_q"] * weights[f"{name}_scale"], np.float32)


class Transformer(nn.Module):
    """One layer: each piece attends to the others, then a wide product. `names`: those of its products, in order."""

    def __init__(self, weights: Weights, path: str, names: Iterator[str]) -> None:
        super().__init__()

        def product(inside: str) -> Product:
            name = next(names)
            return Product(name, _floats(weights, name), weights[f"{path}{inside}.bias"], dropped=DROPPED)

        self.query, self.key, self.value = (product(f"attention.self.{of}") for of in ("query", "key", "value"))
        self.attended = product("attention.output.dense")
        self.wide, self.narrow = product("intermediate.dense"), product("output.dense")
        self.after_attention = _norm(weights, f"{path}attention.output.LayerNorm")
        self.after_all = _norm(weights, f"{path}output.LayerNorm")

    def forward(self, states: Tensor, absent: Tensor) -> Tensor:
        questions, length, _ = states.shape
        query, key, value = (
            of(states).view(questions, length, HEADS, WIDTH // HEADS).transpose(1, 2)
            for of in (self.query, self.key, self.value)
        )
        scores = (query @ key.transpose(2, 3) / math.sqrt(WIDTH / HEADS)).masked_fill(absent[:, None, None], -1e9)
        attended = (scores.softmax(3) @ value).transpose(1, 2).reshape(questions, length, WIDTH)
        states = _normed(states + self.attended(attended), self.after_attention)
        return _normed(states + self.narrow(functional.gelu(self.wide(states))), self.after_all)


class MiniLM(nn.Module):
    """Questions in, their vectors and those of their pieces out."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        names, inside = iter(products(weights)), "inner.embeddings."
        self.words = torch.tensor(_floats(weights, f"{inside}word_embeddings.weight"))
        first = np.array(weights[f"{inside}token_type_embeddings.weight"][0])
        self.places = torch.tensor(_floats(weights, f"{inside}position_embeddings.weight") + first)
        self.norm = _norm(weights, f"{inside}LayerNorm")
        paths = [f"inner.encoder.layer.{layer}." for layer in range(LAYERS)]
        self.layers = nn.ModuleList([Transformer(weights, path, names) for path in paths])

    def forward(self, pieces: Tensor, absent: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors (n, d) of questions and those of their pieces (n, t, d), of length 1.

        pieces (n, t): the numbers of the pieces; absent (n, t): where a question has none any more.
        """
        states = _normed(self.words[pieces] + self.places[: pieces.shape[1]], self.norm)
        for layer in self.layers:
            states = layer(states, absent)
        present = (~absent)[:, :, None]
        mean = (states * present).sum(1) / present.sum(1)
        return functional.normalize(mean, dim=-1), functional.normalize(states, dim=-1)
