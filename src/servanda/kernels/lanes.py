"""Vectors inside numba: sixteen single-precision numbers, one a draw, that are loaded, computed with and stored as one.

Compilers join written-out lanes to vectors only where they can prove that arrays do not overlap; here the vector is a
type, so nothing has to be proved. The operators + - * / work between vectors; a machine without such wide registers
splits them by itself.

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
from math import factorial, prod
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, overload, register_model
from numpy.typing import NDArray

LANES = 16
# bytes of a line of the cache, and of a vector
_LINE = 64
_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_WHOLE = ir.VectorType(ir.IntType(32), LANES)
# adding and subtracting it rounds to whole numbers: 1.5 * 2**23
_ROUNDING = 12582912.0
# beyond it a single-precision exponential is not a normal number
_LEAST = -87.0
_LOG2_E = 1.4426950408889634
# log 2 in two parts, the first short enough for exact products
_LOG2_HIGH, _LOG2_LOW = 0.693359375, -2.12194440e-4
_DEGREE = 6


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
    """Sixteen single-precision numbers."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


lanes = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


def _constant(value: float) -> Any:
    return ir.Constant(_VECTOR, [value] * LANES)


def _place(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """The vector that begins at array[index] (float32, contiguous)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature.args[0], *arguments)
        return builder.load(place, align=4)

    return lanes(array, index), generate


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Write a vector to array[index] and the fifteen entries after it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], place, align=4)
        return context.get_dummy_value()

    return types.void(array, index, vector), generate


@intrinsic
def every(typing: Any, number: Any) -> Any:
    """The vector that holds one number sixteen times."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        single = context.cast(builder, arguments[0], signature.args[0], types.float32)
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(nothing, single, ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(first, nothing, ir.Constant(_WHOLE, [0] * LANES))

    return lanes(number), generate


def _arithmetic(instruction: str) -> Any:
    @intrinsic
    def compute(typing: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments, flags=("contract",))

        return lanes(a, b), generate

    return compute


def _operator(symbol: Callable[[Any, Any], Any], instruction: str) -> None:
    compute = _arithmetic(instruction)

    def between(a: Any, b: Any) -> Any:
        return compute(a, b)

    @overload(symbol, strict=False)
    def chosen(a: Any, b: Any) -> Any:
        return between if isinstance(a, LanesType) and isinstance(b, LanesType) else None


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

    return lanes(a, b), generate


@intrinsic
def vanishes(typing: Any, a: Any) -> Any:
    """Whether all lanes are zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        nonzero = builder.fcmp_unordered("!=", arguments[0], _constant(0.0))
        bits = builder.bitcast(nonzero, ir.IntType(LANES))
        return builder.icmp_unsigned("==", bits, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(a), generate


@intrinsic
def exp_of_shortfall(typing: Any, a: Any) -> Any:
    """The exponential of numbers not above zero, to 2.5e-7 of itself; below -87 it stays there.

    Powers of two apart, exp is a polynomial on [-log 2 / 2, log 2 / 2] (Cody and Waite 1980).
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x = arguments[0]
        x = builder.select(builder.fcmp_unordered(">", x, _constant(_LEAST)), x, _constant(_LEAST))
        scaled = builder.fmul(x, _constant(_LOG2_E))
        power = builder.fsub(builder.fadd(scaled, _constant(_ROUNDING)), _constant(_ROUNDING))
        rest = builder.fsub(x, builder.fmul(power, _constant(_LOG2_HIGH)), flags=("contract",))
        rest = builder.fsub(rest, builder.fmul(power, _constant(_LOG2_LOW)), flags=("contract",))
        series = _constant(1.0 / factorial(_DEGREE))
        for k in reversed(range(_DEGREE)):
            series = builder.fmul(series, rest, flags=("contract",))
            series = builder.fadd(series, _constant(1.0 / factorial(k)), flags=("contract",))
        exponent = builder.add(builder.fptosi(power, _WHOLE), ir.Constant(_WHOLE, [127] * LANES))
        exponent = builder.shl(exponent, ir.Constant(_WHOLE, [23] * LANES))
        return builder.fmul(series, builder.bitcast(exponent, _VECTOR))

    return lanes(a), generate
