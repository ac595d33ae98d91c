"""The upper layers of the reader as a PyTorch module, with narrow matrices to be learnt beside its own, and the heads.

DeBERTa's layers: each piece attends to what the others are and how far away they are, in buckets that grow with the
distance (https://arxiv.org/abs/2006.03654; https://github.com/microsoft/DeBERTa). Texts are read one at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

WIDTH, ATTENTION_HEADS, SPAN = 384, 6, 256
"""Of a state; how many attend at once; buckets to each side of a piece."""
LONGEST = 512
RANK = 16
DROPPED = 0.1


def _normed(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return functional.layer_norm(states.float(), (WIDTH,), weight, bias, 1e-7)


def _buckets() -> Tensor:
    """How far each piece is from each other one, in buckets: exact up to half of `SPAN`, then by the logarithm."""
    distance = np.arange(LONGEST)[:, None] - np.arange(LONGEST)[None]
    middle = SPAN // 2
    far = np.where(np.abs(distance) < middle, middle - 1, np.abs(distance))
    scaled = np.ceil(np.log(far / middle) / math.log((LONGEST - 1) / middle) * (middle - 1)) + middle
    return torch.tensor(np.where(far <= middle, distance, scaled * np.sign(distance)).astype(np.int64))


class Product(nn.Module):
    """A matrix (in, out) of the model, which stays, and two narrow ones that are learnt.

    dropped: the share of the inputs that these do not see while they are learnt.
    """

    def __init__(self, name: str, weights: NDArray[Any], bias: NDArray[Any], *, dropped: float = 0.0) -> None:
        super().__init__()
        self.name, self.dropped = name, dropped
        self.own = torch.tensor(np.ascontiguousarray(weights.T, np.float32))
        self.bias = torch.tensor(np.array(bias))
        self.down = nn.Parameter(torch.randn(RANK, weights.shape[0]) / math.sqrt(weights.shape[0]))
        self.up = nn.Parameter(torch.zeros(weights.shape[1], RANK))

    def forward(self, states: Tensor) -> Tensor:
        seen = functional.dropout(states, self.dropped, self.training)
        learnt = functional.linear(functional.linear(seen, self.down), self.up)
        return functional.linear(states, self.own, self.bias) + learnt


class Layer(nn.Module):
    """One layer: attention, then a wide product. `path`: how the names of its operators begin."""

    def __init__(self, path: str, own: Mapping[str, NDArray[Any]], products: Mapping[str, str]) -> None:
        super().__init__()
        inside = path.strip("/").replace("/", ".")

        def product(name: str) -> Product:
            matrix = products[f"{path}{name}/MatMul_output_0_output_quantized"]
            weights = own[f"{matrix}_quantized"] * own[f"{matrix}_scale"]  # around zero
            return Product(matrix, weights, own[f"{inside}.{name.replace('/', '.')}.bias"])

        def norm(name: str) -> list[Tensor]:
            return [torch.tensor(np.array(own[f"{inside}.{name}.{part}"])) for part in ("weight", "bias")]

        self.query, self.key, self.value = (product(f"attention/self/{of}_proj") for of in ("query", "key", "value"))
        self.attended = product("attention/output/dense")
        self.wide, self.narrow = product("intermediate/dense"), product("output/dense")
        self.after_attention, self.after_all = norm("attention.output.LayerNorm"), norm("output.LayerNorm")

    def forward(self, states: Tensor, places: Tensor, buckets: Tensor) -> Tensor:
        size = len(states)
        query, key, value = (_split(of(states)) for of in (self.query, self.key, self.value))
        place_keys, place_queries = _split(self.key(places)), _split(self.query(places))
        to_place = (buckets + SPAN).clamp(0, 2 * SPAN - 1).expand(ATTENTION_HEADS, size, size)
        from_place = (SPAN - buckets).clamp(0, 2 * SPAN - 1).expand(ATTENTION_HEADS, size, size)
        scores = query @ key.transpose(1, 2)
        scores = scores + torch.gather(query @ place_keys.transpose(1, 2), 2, to_place)
        scores = scores + torch.gather(key @ place_queries.transpose(1, 2), 2, from_place).transpose(1, 2)
        attention = (scores / math.sqrt(3 * WIDTH / ATTENTION_HEADS)).float().softmax(-1).to(value.dtype)
        attended = self.attended((attention @ value).transpose(0, 1).reshape(size, WIDTH))
        states = _normed(attended + states, *self.after_attention)
        return _normed(self.narrow(functional.gelu(self.wide(states))) + states, *self.after_all)


def adapters(net: nn.Module) -> dict[str, NDArray[np.float16]]:
    """The narrow matrices, by the name of the one that their product is added to."""
    learnt = {}
    for product in (module for module in net.modules() if isinstance(module, Product)):
        learnt[f"{product.name}.down"] = product.down.detach().numpy().T.astype(np.float16)
        learnt[f"{product.name}.up"] = product.up.detach().numpy().T.astype(np.float16)
    return learnt


def _split(states: Tensor) -> Tensor:
    return states.view(-1, ATTENTION_HEADS, WIDTH // ATTENTION_HEADS).transpose(0, 1)


class Adapted(nn.Module):
    """The layers and the heads on top, which `assistant.reader.reading` computes in the same way."""

    def __init__(self, own: Mapping[str, NDArray[Any]], products: Mapping[str, str], paths: Sequence[str]) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Layer(path, own, products) for path in paths])
        encoder = "m.deberta.encoder"
        norm = (torch.tensor(np.array(own[f"{encoder}.LayerNorm.{part}"])) for part in ("weight", "bias"))
        self.places = _normed(torch.tensor(np.array(own[f"{encoder}.rel_embeddings.weight"])), *norm)
        self.buckets = _buckets()
        self.dropout = nn.Dropout(DROPPED)
        self.attends, self.answers = nn.Linear(WIDTH, 1), nn.Linear(2 * WIDTH, 1)
        self.stated, self.fits = nn.Linear(3 * WIDTH + 2, 1), nn.Linear(3 * WIDTH + 2, 1)

    def forward(
        self, below: NDArray[np.float16], sentence: NDArray[np.int16], part: NDArray[np.int8], count: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The log-odds of each sentence (count,), and those that the text answers and that it fits."""
        states = torch.tensor(below.astype(np.float32))
        for layer in self.layers:
            states = layer(states, self.places, self.buckets[: len(states), : len(states)])
        states = self.dropout(states.float())
        inside = sentence >= 0
        own, which = states[inside], torch.tensor(sentence[inside].astype(np.int64))
        member = functional.one_hot(which, count).float().T
        means = member @ own / member.sum(1).clamp(min=1)[:, None]
        heed = torch.where(member > 0, self.attends(own)[:, 0], -1e9).softmax(1) @ own
        odds = self.answers(torch.cat([means, heed], 1))[:, 0]
        question = states[part == 1]
        seen = [states[0], question.mean(0), question.max(0).values, odds.max()[None], odds.logsumexp(0)[None]]
        pair = torch.cat(seen)
        return odds, self.stated(pair)[0], self.fits(pair)[0]

    def groups(self, rate: float) -> list[dict[str, Any]]:
        """What is learnt, as an optimiser takes it: the narrow matrices, and the heads."""
        narrow = list(self.layers.parameters())
        heads = [parameter for name, parameter in self.named_parameters() if not name.startswith("layers")]
        return [
            {"params": narrow, "lr": rate, "weight_decay": 0.0},
            {"params": heads, "lr": 1e-3, "weight_decay": 0.01},
        ]

    def heads(self) -> dict[str, dict[str, Any]]:
        """The heads in the form of `heads.json`, without `fits`, which is only learnt beside them."""
        return {
            name: {"weights": head.weight[0].detach().numpy().round(6).tolist(), "bias": round(head.bias.item(), 6)}
            for name, head in (
                ("attends", self.attends),
                ("answers", self.answers),
                ("stated", self.stated),
            )
        }
