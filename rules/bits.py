"""A tier of a policy as bits: one for each distinct condition, and every rule a flat conjunction of them.

A nested group, a comparison of two facts, and the period and kind of check of a rule are one bit each. Clauses on
literals are worked out by indexes, all others only for rules that the indexes leave possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from policy_service.domain.outcomes import CheckKind
from rules.conditions import Clause, Condition, Group, GroupKind
from rules.index import Indexes, bits_set, can_be_indexed
from rules.predicates import Predicate, Seen, predicate
from rules.rule import Rule

MAX_RULES = 48
MAX_BITS = 128
MAX_BITS_OF_A_RULE = 24
"""What one ruleset of durable_rules bears; see `rules.engine`."""


@dataclass(frozen=True, slots=True)
class _InForce:
    """On when the rule applies to this kind of check on this day."""

    kinds: tuple[CheckKind, ...]
    valid_from: date | None
    valid_to: date | None


_Atom = Clause | Group | _InForce
"""What one bit stands for."""


@dataclass(frozen=True, slots=True)
class RuleBits:
    """A rule in its ruleset: bits that are on whenever the indexes leave it possible, and those to work out.

    `settled` has the names of bits, in order; `open` has the name of a bit and the number of its atom.
    """

    ruleset: int
    settled: dict[str, None]
    open: tuple[tuple[str, int], ...]

    @property
    def names(self) -> frozenset[str]:
        """All bits of the rule."""
        return frozenset((*self.settled, *(name for name, _ in self.open)))


class Tier:
    """Rules that are decided together, in the order of priority. `packed` has those of each ruleset."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.order))
        conjuncts = [tuple(_conjuncts(rule.when)) for rule in self.rules]
        self._indexes = Indexes([_on_literals(parts) for parts in conjuncts])
        packing = _Packing()
        self._bits = [packing.add(_atoms(rule, parts)) for rule, parts in zip(self.rules, conjuncts, strict=True)]
        self._atoms = tuple(_predicate(atom) for atom in packing.atoms)
        in_rulesets = groupby(zip(self._bits, self.rules, strict=True), key=lambda pair: pair[0].ruleset)
        self.packed = tuple(tuple(rule for _, rule in pairs) for _, pairs in in_rulesets)

    @property
    def rulesets(self) -> list[list[frozenset[str]]]:
        """For each ruleset its rules, and for each rule the bits that must all be on."""
        bits = iter(self._bits)
        return [[next(bits).names for _ in rules] for rules in self.packed]

    def bits_on(self, seen: Seen) -> dict[int, dict[str, None]]:
        """For each ruleset in which a rule may fire, the bits that are on and that such a rule needs."""
        on: dict[int, dict[str, None]] = {}
        known: dict[int, bool] = {}
        for place in bits_set(self._indexes.possible(seen)):
            bits = self._bits[place]
            names = on.setdefault(bits.ruleset, {})
            names |= bits.settled
            for name, atom in bits.open:
                if atom not in known:
                    known[atom] = self._atoms[atom](seen)
                if known[atom]:
                    names[name] = None
        return on


def _conjuncts(condition: Condition) -> Iterator[Clause | Group]:
    """The parts that must all hold: an `all` inside an `all` says no more than its members do."""
    if isinstance(condition, Group) and condition.kind is GroupKind.ALL:
        for member in condition.members:
            yield from _conjuncts(member)
    else:
        yield condition


def _on_literals(conjuncts: Sequence[Clause | Group]) -> list[Clause]:
    return [part for part in conjuncts if isinstance(part, Clause) and can_be_indexed(part)]


def _atoms(rule: Rule, conjuncts: Sequence[Clause | Group]) -> list[_Atom]:
    """The distinct bits of a rule. What one rule of the matcher does not bear becomes one group."""
    atoms: list[_Atom] = list(dict.fromkeys(conjuncts))
    if rule.applies_to != tuple(CheckKind) or rule.valid_from or rule.valid_to:
        atoms.insert(0, _InForce(rule.applies_to, rule.valid_from, rule.valid_to))
    if len(atoms) <= MAX_BITS_OF_A_RULE:
        return atoms
    kept, rest = atoms[: MAX_BITS_OF_A_RULE - 1], atoms[MAX_BITS_OF_A_RULE - 1 :]
    return [*kept, Group(GroupKind.ALL, tuple(atom for atom in rest if not isinstance(atom, _InForce)))]


class _Packing:
    """Puts rules into as few rulesets as their limits allow, and numbers the bits of each."""

    def __init__(self) -> None:
        self.atoms: dict[_Atom, int] = {}
        self._names: dict[_Atom, str] = {}
        self._ruleset = 0
        self._number = 0

    def add(self, atoms: Sequence[_Atom]) -> RuleBits:
        """The next rule."""
        new = sum(atom not in self._names for atom in atoms)
        if self._number == MAX_RULES or len(self._names) + new > MAX_BITS:
            self._ruleset, self._number, self._names = self._ruleset + 1, 0, {}
        names = {atom: self._names.setdefault(atom, f"p{len(self._names)}") for atom in atoms}
        settled = dict.fromkeys(name for atom, name in names.items() if _is_settled(atom))
        still_open = tuple(
            (name, self.atoms.setdefault(atom, len(self.atoms)))
            for atom, name in names.items()
            if not _is_settled(atom)
        )
        self._number += 1
        return RuleBits(self._ruleset, settled, still_open)


def _is_settled(atom: _Atom) -> bool:
    return isinstance(atom, Clause) and can_be_indexed(atom)


def _predicate(atom: _Atom) -> Predicate:
    if not isinstance(atom, _InForce):
        return predicate(atom)

    def is_in_force(seen: Seen) -> bool:
        day = seen.facts.day
        return (
            seen.kind in atom.kinds
            and (atom.valid_from is None or atom.valid_from <= day)
            and (atom.valid_to is None or day <= atom.valid_to)
        )

    return is_in_force
