"""A targeting method from the text of a TOML file, every mistake told in one line."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.targeting.definitions.areas import left_dlpfc, parse_spheres
from tmsguide.targeting.definitions.methods import Compared, Pick, Spheres, TargetDefinition
from tmsguide.targeting.definitions.parameters import parameters_of
from tmsguide.targeting.definitions.values import Table, choice, refuse_others
from tmsguide.targeting.landmarks import Landmark, landmark

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["parse_definition"]

#: A definition is a page of words; the largest of ours has 2 kB.
_LIMIT_BYTES = 64_000

#: How far a site may lie from the grey matter it is moved to, mm (as `group.site_targets`).
_SITE_MM = 10.0

_PICKS = {
    Compared.PARCELS: (Pick.CENTRE,),
    Compared.NETWORK: (Pick.CENTRE,),
    Compared.SITE: (Pick.CENTRE,),
}
_MAP_PICKS = (Pick.CLUSTER, Pick.PEAK, Pick.CONE, Pick.SWEEP)
_SEEDED = (Compared.SEED, Compared.OWN_WEIGHTS, Compared.PARCELS)
_MAPPED = (Compared.WEIGHTED_MAP, Compared.CIRCUIT, Compared.REGRESSION)
_WORDS = ("title", "condition", "source", "assumes", "evidence_for", "evidence_against")
_KEYS = (
    *_WORDS,
    *("compared", "pick", "positive", "default", "verified", "search", "seed"),
    *("site", "site_mni_mm", "map_file", "network", "parameters"),
)


def parse_definition(text: str, *, name: str) -> TargetDefinition:
    r"""Give the targeting method that the text of a TOML file describes.

    ``name`` is what it is asked for by: letters, digits and hyphens. Parameters that the text
    leaves out have their defaults; the search area left out is the left DLPFC. `docs/methods`
    says what each key means.

    Raises
    ------
    InputError
        One line: which key, what was given, what was needed.

    Examples
    --------
    >>> lines = ['title = "ours"', 'compared = "seed"', 'pick = "cluster"']
    >>> lines += ["[seed]", "mni_mm = [[6, 16, -10]]", "radius_mm = 8"]
    >>> found = parse_definition("\n".join(lines), name="ours")
    >>> found.seed.radius_mm, found.parameters["percentile"]
    (8.0, 10.0)
    """
    if not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", name) or len(name) > 64:
        raise InputError(
            f"a definition cannot be named {name[:80]!r}; needed letters and digits, joined by "
            "single hyphens, 64 at most: rename it"
        )
    top = Table(_toml(text, name), f"definition {name}")
    refuse_others(top, _KEYS)
    compared = choice(top, "compared", Compared)
    allowed = _PICKS.get(compared, _MAP_PICKS)
    pick = choice(top, "pick", Pick, default=allowed[0] if len(allowed) == 1 else None)
    if pick not in allowed:
        words = ", ".join(p.value for p in allowed)
        raise top.wrong("pick", pick.value, f"{words} where compared is {compared.value!r}")
    _refuse_misplaced(top, compared)
    place = _named_site(top)
    prose = {key: top.words(key) for key in _WORDS}
    if place:
        prose["title"] = prose["title"] or place.title
        prose["source"] = prose["source"] or place.source
    if not prose["title"]:
        raise top.wrong("title", None, "a short title for people")
    site = place.mni_mm if place else _site(top, compared)
    return TargetDefinition(
        name=name,
        compared=compared,
        pick=pick,
        search=_search(top, site),
        seed=_seed(top, compared),
        positive=top.flag("positive"),
        site_mni_mm=site,
        map_file=top.words("map_file"),
        network=_network(top, compared),
        parameters=_parameters(top, compared, pick),
        verified=top.flag("verified", default=place.verified if place else False),
        default=top.flag("default"),
        **prose,
    )


def _toml(text: str, name: str) -> Mapping[str, object]:
    if len(text.encode("utf-8", "surrogatepass")) > _LIMIT_BYTES:
        raise InputError(
            f"definition {name} is longer than {_LIMIT_BYTES // 1000} kB, more than a definition "
            "ever needs; check that it is the right file"
        )
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"definition {name} is not valid TOML ({reason}); mend that line"
        ) from error


def _refuse_misplaced(top: Table, compared: Compared) -> None:
    """Refuse keys that this kind of method does not look at: the user means something by them."""
    uses = {
        "seed": _SEEDED,
        "map_file": _MAPPED,
        "network": (Compared.NETWORK,),
        "site": (Compared.SITE,),
        "site_mni_mm": (Compared.SITE,),
    }
    for key, kinds in uses.items():
        if key in top.content and compared not in kinds:
            words = " or ".join(repr(kind.value) for kind in kinds)
            raise InputError(
                f"{top.where}: {key} is used only where compared is {words}, and compared is "
                f"{compared.value!r}; remove {key} or change compared"
            )
    if compared is Compared.NETWORK and top.flag("positive"):
        raise top.wrong("positive", "true", "false or nothing: belonging to a network has no sign")
    if compared is Compared.SITE and top.flag("positive"):
        raise top.wrong("positive", "true", "false or nothing: a site has no sign")


def _named_site(top: Table) -> Landmark | None:
    name = top.words("site")
    if not name:
        return None
    if "site_mni_mm" in top.content:
        raise InputError(f"{top.where}: site and site_mni_mm are both given; keep one of them")
    try:
        return landmark(name)
    except InputError as error:
        raise InputError(f"{top.where}, site: {error}") from error


def _site(top: Table, compared: Compared) -> tuple[float, float, float] | None:
    if compared is not Compared.SITE:
        return None
    return top.place("site_mni_mm", top.content.get("site_mni_mm"))


def _search(top: Table, site: tuple[float, float, float] | None) -> Spheres:
    if "search" in top.content:
        return parse_spheres(top.table("search"))
    return left_dlpfc() if site is None else Spheres((site,), _SITE_MM)


def _seed(top: Table, compared: Compared) -> Spheres:
    if compared not in _SEEDED:
        return Spheres()
    if "seed" not in top.content:
        raise top.wrong("seed", None, f"a table [seed], as compared is {compared.value!r}")
    return parse_spheres(top.table("seed"))


def _network(top: Table, compared: Compared) -> str:
    network = top.words("network")
    if compared is Compared.NETWORK and not network:
        raise top.wrong("network", None, 'the name of a network, such as "frontoparietal"')
    return network


def _parameters(top: Table, compared: Compared, pick: Pick) -> Mapping[str, float]:
    given = top.table("parameters")
    known = parameters_of(compared, pick)
    refuse_others(given, [p.name for p in known])
    found = {
        p.name: given.number(p.name, p.least, p.most, default=p.default, whole=p.whole)
        for p in known
    }
    if pick is Pick.SWEEP and found["low_percent"] >= found["high_percent"]:
        raise given.wrong(
            "low_percent",
            found["low_percent"],
            f"less than high_percent {found['high_percent']:g}",
        )
    return found
