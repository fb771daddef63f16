"""Sums over sparse rows for several columns at once, kept in vector registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

__all__ = ["combine_row"]


@intrinsic
def combine_row(
    typing_context: Any,
    lanes: Any,
    out: Any,
    i: Any,
    base: Any,
    keep: Any,
    factor: Any,
    value: Any,
    column: Any,
    begin: Any,
    end: Any,
    x: Any,
) -> Any:
    """Write ``out[i] = keep * base[i] + factor * sum(value[k] * x[column[k]], begin <= k < end)``.

    ``out``, ``base`` and ``x`` are C-ordered (N, W) of one floating type, the type of ``value``;
    W is the length of the tuple ``lanes``, known when compiled. Written in the compiler's own
    words because a plain loop keeps its sums in memory: 2 to 2.6 times slower as measured.
    """
    del typing_context, i, keep, factor, begin, end  # their types follow from the others'
    number = out.dtype
    signature = types.void(
        *(lanes, out, types.intp, base, number, number),
        *(value, column, types.intp, types.intp, x),
    )
    return signature, _generate


def _generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Emit the loop; the running sum is a value of the loop, so it never leaves its registers."""
    plain = [
        context.make_array(kind)(context, builder, given).data
        if isinstance(kind, types.Array)
        else given
        for kind, given in zip(signature.args, arguments, strict=True)
    ]
    _, out, i, base, keep, factor, value, column, begin, end, x = plain
    item = context.get_value_type(signature.args[1].dtype)
    rows = _Rows(builder, item, signature.args[0].count, context.get_abi_sizeof(item))
    before = builder.block
    head, body, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
    builder.branch(head)

    builder.position_at_end(head)
    k, total = builder.phi(i.type), builder.phi(rows.kind)
    k.add_incoming(begin, before)
    total.add_incoming(ir.Constant(rows.kind, [0.0] * rows.width), before)
    builder.cbranch(builder.icmp_signed("<", k, end), body, after)

    builder.position_at_end(body)
    j = builder.sext(builder.load(builder.gep(column, [k])), i.type)
    weight = rows.splat(builder.load(builder.gep(value, [k])))
    total.add_incoming(rows.add(total, rows.multiply(weight, rows.load(x, j))), body)
    k.add_incoming(builder.add(k, ir.Constant(i.type, 1)), body)
    builder.branch(head)

    builder.position_at_end(after)
    kept = rows.multiply(rows.splat(keep), rows.load(base, i))
    rows.store(rows.add(kept, rows.multiply(rows.splat(factor), total)), out, i)
    return context.get_dummy_value()


class _Rows:
    """Emits loads, stores and sums of whole rows of ``width`` numbers."""

    def __init__(self, builder: Any, item: Any, width: int, item_bytes: int) -> None:
        self.builder, self.width, self.item_bytes = builder, width, item_bytes
        self.kind = ir.VectorType(item, width)

    def at(self, array: Any, i: Any) -> Any:
        first = self.builder.mul(i, ir.Constant(i.type, self.width))
        return self.builder.bitcast(self.builder.gep(array, [first]), self.kind.as_pointer())

    def load(self, array: Any, i: Any) -> Any:
        return self.builder.load(self.at(array, i), align=self.item_bytes)

    def store(self, row: Any, array: Any, i: Any) -> None:
        self.builder.store(row, self.at(array, i), align=self.item_bytes)

    def splat(self, number: Any) -> Any:
        empty = ir.Constant(self.kind, ir.Undefined)
        one = self.builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.width), [0] * self.width)
        return self.builder.shuffle_vector(one, empty, zeros)

    def add(self, a: Any, b: Any) -> Any:
        return self.builder.fadd(a, b, flags=("contract",))

    def multiply(self, a: Any, b: Any) -> Any:
        return self.builder.fmul(a, b, flags=("contract",))
