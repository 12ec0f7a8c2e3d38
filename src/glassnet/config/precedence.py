"""The overrides of a command line as they go to Hydra: what an ablation decides, and what each job of a sweep does."""

from collections.abc import Sequence
from typing import Any

from glassnet.config.ablation import ABLATION, part_of
from glassnet.config.compose import CONF, composed
from glassnet.config.explain import parse_override
from glassnet.overrides import as_override

EXPERIMENT = "experiment"  # the group in conf/ whose choices may be sweeps


def let_ablation_win(overrides: Sequence[str]) -> list[str]:
    """Return overrides that leave to the ablation among them what it sets; without one, all as they are.

    Hydra would let the command line win, and nothing would be turned off. An override of a value that the ablation sets
    gets that value, that of a group its choice. Values inside a group that the ablation chooses go: they were meant for
    another choice.
    """
    if not any(_name(override) == ABLATION for override in overrides):
        return list(overrides)
    parsed = [parse_override(override) for override in overrides]
    chosen = [each.value() for each in parsed if each.key_or_group == ABLATION and not each.is_sweep_override()]
    part = part_of(CONF, [name for value in chosen for name in (value if isinstance(value, list) else [value])])
    kept = []
    for text, override in zip(overrides, parsed, strict=True):
        name = override.key_or_group
        group, _, inside = name.partition(".")
        if name in part.choices:
            kept.append(f"{name}={part.choices[name]}")
        elif name in part.values:
            kept.append(f"{name}={as_override(part.values[name])}")
        elif not (inside and group in part.choices):
            kept.append(text)
    return kept


def without_ablation(overrides: Sequence[str]) -> list[str]:
    """Return overrides without the choice of an ablation: they are of the settings that it turns a part of off."""
    return [override for override in overrides if _name(override) != ABLATION]


def held_back(overrides: Sequence[str], is_sweep: bool) -> list[str]:
    """Return the overrides of values in groups of which a sweep makes several choices, such as `schedule.factor=0.5`.

    Whether there is such a key is for each job to say. Hydra composes once for the whole sweep, with the choice of
    conf/, which may lack the key; these overrides are to be kept from that, and given to the jobs alone.

    Args:
        overrides: all of a command line.
        is_sweep: whether an option asks for a sweep; an experiment may be one without.
    """
    from hydra.types import RunMode

    parsed = [parse_override(override) for override in overrides]
    swept = {each.key_or_group for each in parsed if each.is_sweep_override()}
    fixed = [each for each in parsed if not each.is_sweep_override()]
    inside = [each for each in fixed if _is_value_in_group(each)]
    if inside and any(each.key_or_group == EXPERIMENT for each in parsed):
        hydra = composed([each.input_line for each in fixed if each not in inside], with_hydra=True).hydra
        is_sweep = is_sweep or hydra.mode == RunMode.MULTIRUN
        swept |= set(hydra.sweeper.params or {})
    return [each.input_line for each in inside if is_sweep and _group(each) in swept]


def _name(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _is_value_in_group(override: Any) -> bool:
    group = _group(override)
    return not override.is_hydra_override() and override.key_or_group != group and (CONF / group).is_dir()


def _group(override: Any) -> str:
    return override.key_or_group.partition(".")[0]
