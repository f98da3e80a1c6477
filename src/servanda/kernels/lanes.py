"""Vectors inside numba: several numbers, one a draw, that are loaded, computed with and stored as one.

There are two kinds: sixteen numbers in single precision (`lanes`) and four in double precision (`quad`). Compilers join
written-out lanes to vectors only where they can prove that arrays do not overlap; here the vector is a type, so nothing
has to be proved. The operators + - * / work between vectors; a machine without such wide registers splits them by
itself.

>>> import numpy as np, numba as nb
>>> @nb.njit
... def doubled(x):
...     v = load(x, 0)
...     store(x, 0, v + v)
>>> x = np.arange(16, dtype=np.float32)
>>> doubled(x)
>>> float(x[15])
30.0
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from math import factorial, prod
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, overload, register_model
from numpy.typing import NDArray

LANES, QUAD = 16, 4
# bytes of a line of the cache
_LINE = 64
_LOG2_E = 1.4426950408889634


@dataclass(frozen=True)
class _Exponential:
    """How exp(x) = 2^k exp(r), |r| <= log 2 / 2, is worked out.

    least: below it the result is no normal number; log2: log 2 in two parts, the first short enough for exact products;
    degree: of the series of exp(r); bits: of the mantissa; bias: of the exponent.
    """

    least: float
    log2: tuple[float, float]
    degree: int
    bits: int
    bias: int

    @property
    def rounding(self) -> float:
        """Adding and subtracting it rounds to whole numbers, and its last bits then hold the number."""
        return 1.5 * 2.0**self.bits


_SINGLE = _Exponential(-87.0, (0.693359375, -2.12194440e-4), 6, 23, 127)
_DOUBLE = _Exponential(-700.0, (0.6931471803691238, 1.9082149292705877e-10), 13, 52, 1023)


def aligned(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Room [shape], not filled, that begins where a line of the cache does, so that no vector lies across two.

    >>> aligned((3, 16)).ctypes.data % 64
    0
    """
    size = prod(shape)
    room = np.empty(size + LANES, dtype=np.float32)
    skipped = -room.ctypes.data % _LINE // room.itemsize
    return room[skipped : skipped + size].reshape(shape)


class LanesType(types.Type):
    """Several numbers of one kind."""

    def __init__(self, name: str, number: Any, count: int, exponential: _Exponential) -> None:
        self.number, self.count, self.exponential = number, count, exponential
        single = number.bitwidth == 32
        self.vector = ir.VectorType(ir.FloatType() if single else ir.DoubleType(), count)
        self.whole = ir.VectorType(ir.IntType(number.bitwidth), count)
        self.align = number.bitwidth // 8
        super().__init__(name=name)

    def constant(self, value: float) -> Any:
        """The vector that holds a number known to the compiler everywhere."""
        return ir.Constant(self.vector, [value] * self.count)

    def place(self, context: Any, builder: Any, array_kind: Any, array: Any, index: Any) -> Any:
        """Where the vector that begins at an index of an array stands."""
        data = context.make_array(array_kind)(context, builder, array).data
        return builder.bitcast(builder.gep(data, [index]), self.vector.as_pointer())


lanes = LanesType("Lanes", types.float32, LANES, _SINGLE)
quad = LanesType("Quad", types.float64, QUAD, _DOUBLE)


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.vector)


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """The vector that begins at array[index] (contiguous; sixteen of float32, four of float64)."""
    kind = quad if array.dtype == types.float64 else lanes

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = kind.place(context, builder, signature.args[0], *arguments)
        return builder.load(place, align=kind.align)

    return kind(array, index), generate


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Write a vector to array[index] and the entries after it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = vector.place(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], place, align=vector.align)
        return context.get_dummy_value()

    return types.void(array, index, vector), generate


def _repeated(kind: LanesType) -> Any:
    @intrinsic
    def every(typing: Any, number: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            single = context.cast(builder, arguments[0], signature.args[0], kind.number)
            nothing = ir.Constant(kind.vector, ir.Undefined)
            first = builder.insert_element(nothing, single, ir.Constant(ir.IntType(32), 0))
            places = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
            return builder.shuffle_vector(first, nothing, places)

        return kind(number), generate

    return every


# the vector that holds one number sixteen times, and four times
every = _repeated(lanes)
every_four = _repeated(quad)


def _arithmetic(instruction: str) -> Any:
    @intrinsic
    def compute(typing: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments, flags=("contract",))

        return a(a, b), generate

    return compute


def _operator(symbol: Callable[[Any, Any], Any], instruction: str) -> None:
    compute = _arithmetic(instruction)

    def between(a: Any, b: Any) -> Any:
        return compute(a, b)

    @overload(symbol, strict=False)
    def chosen(a: Any, b: Any) -> Any:
        return between if isinstance(a, LanesType) and a is b else None


for _symbol, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _operator(_symbol, _instruction)


@intrinsic
def larger(typing: Any, a: Any, b: Any) -> Any:
    """The larger of two vectors, lane by lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *arguments), *arguments)

    return a(a, b), generate


@intrinsic
def vanishes(typing: Any, a: Any) -> Any:
    """Whether all lanes are zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        nonzero = builder.fcmp_unordered("!=", arguments[0], a.constant(0.0))
        bits = builder.bitcast(nonzero, ir.IntType(a.count))
        return builder.icmp_unsigned("==", bits, ir.Constant(ir.IntType(a.count), 0))

    return types.boolean(a), generate


@intrinsic
def exp_of_shortfall(typing: Any, a: Any) -> Any:
    """The exponential of numbers not above zero, to 2.5e-7 of itself in single precision and 1e-15 in double.

    Below -87 (single) it stays there; below -700 (double) it is 0. Powers of two apart, exp is a polynomial on
    [-log 2 / 2, log 2 / 2] (Cody and Waite 1980).
    """
    how = a.exponential

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x = arguments[0]
        least, rounding = a.constant(how.least), a.constant(how.rounding)
        held = builder.fcmp_unordered(">=", x, least)
        x = builder.select(held, x, least)
        raised = builder.fadd(builder.fmul(x, a.constant(_LOG2_E)), rounding)
        power = builder.fsub(raised, rounding)
        rest = builder.fsub(x, builder.fmul(power, a.constant(how.log2[0])), flags=("contract",))
        rest = builder.fsub(rest, builder.fmul(power, a.constant(how.log2[1])), flags=("contract",))
        series = a.constant(1.0 / factorial(how.degree))
        for k in reversed(range(how.degree)):
            series = builder.fmul(series, rest, flags=("contract",))
            series = builder.fadd(series, a.constant(1.0 / factorial(k)), flags=("contract",))
        # the last bits of what was raised hold the power: nothing has to be converted
        exponent = builder.add(builder.bitcast(raised, a.whole), ir.Constant(a.whole, [how.bias] * a.count))
        exponent = builder.shl(exponent, ir.Constant(a.whole, [how.bits] * a.count))
        found = builder.fmul(series, builder.bitcast(exponent, a.vector))
        return found if a is lanes else builder.select(held, found, a.constant(0.0))

    return a(a), generate
