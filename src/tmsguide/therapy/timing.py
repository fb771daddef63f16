"""A protocol's nested timing, as NIBS-BIDS writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmsguide.model import Protocol

__all__ = ["nibs_timing"]


def nibs_timing(protocol: Protocol) -> dict[str, float | int]:
    """Give the ``pattern<i>`` columns of one session: count, interval_s and duration_s per layer.

    Layers run from pulses to bursts to trains; layers of one are left out. As in the draft
    standard a duration is count times interval, so the outermost one includes a last pause.

    References
    ----------
    NIBS-BIDS (BEP037) draft 6.3, table of ``pattern<i>`` columns.

    Examples
    --------
    >>> from tmsguide.therapy import protocol
    >>> nibs_timing(protocol("itbs600"))["pattern3_duration"]
    200.0
    """
    layers = (
        (protocol.pulses_per_burst, 1 / protocol.pulse_hz),
        (protocol.bursts_per_train, 1 / protocol.burst_hz),
        (protocol.trains, protocol.train_s + protocol.inter_train_s),
    )
    out: dict[str, float | int] = {}
    for i, (count, interval_s) in enumerate((n for n in layers if n[0] > 1), start=1):
        out[f"pattern{i}_count"] = count
        out[f"pattern{i}_interval"] = interval_s
        out[f"pattern{i}_duration"] = count * interval_s
    return out
