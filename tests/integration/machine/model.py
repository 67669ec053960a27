"""What the contract promises of one payment, as the set of worlds that are possible; it knows no code of the server.

A request leads each world to the answers that the contract allows, and an observation keeps the worlds that explain it.
An observation that none explains is a broken promise. While nothing is in flight there is one world, so nothing is
left to interpretation then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

OK = "OK"
CONFLICT = "PAYMENT_STATE_CONFLICT"
BUSY = "OPERATION_IN_PROGRESS"
TERMINAL = frozenset({"SUCCEEDED", "CANCELED", "FAILED", "EXPIRED"})


class PromiseBroken(AssertionError):
    """What was observed can not be, whatever happened in between."""


@dataclass(frozen=True, slots=True)
class View:
    """What a caller sees of a payment; `asks` for another method, `refunds` are (amount, state), oldest first."""

    state: str
    authorized: int
    captured: int
    refunded: int
    capturable: int
    refundable: int
    asks: bool
    refunds: tuple[tuple[int, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A capture or a refund on its way; `ends` says whether it may succeed, may fail, or both."""

    amount: int
    ends: frozenset[bool]
    is_final: bool = False
    refund: int | None = None


@dataclass(frozen=True, slots=True)
class World:
    """One possible truth about a payment; `ends` is what the charge may become without another request.

    `charge` is "open", "action", "ask", "approved", "failed" or "canceled".
    """

    amount: int
    is_manual: bool
    asks: bool
    charge: str = "open"
    ends: frozenset[str] = frozenset()
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    is_released: bool = False
    pending: tuple[Pending, ...] = ()
    refunds: tuple[tuple[int, str], ...] = ()

    @property
    def state(self) -> str:
        if self.charge != "approved":
            states = {"open": "PROCESSING", "failed": "FAILED", "canceled": "CANCELED"}
            return states.get(self.charge, "REQUIRES_ACTION")
        if self.captured == self.authorized or (self.is_released and self.captured):
            return "SUCCEEDED"
        return "CANCELED" if self.is_released else "AUTHORIZED"

    @property
    def is_at_rest(self) -> bool:
        return not self.pending and not self.ends

    @property
    def capturable(self) -> int:
        if self.state != "AUTHORIZED":
            return 0
        return self.authorized - self.captured - sum(p.amount for p in self.pending if p.refund is None)

    @property
    def refundable(self) -> int:
        return self.captured - self.refunded - sum(p.amount for p in self.pending if p.refund is not None)

    def view(self) -> View:
        amounts = (self.authorized, self.captured, self.refunded, self.capturable, self.refundable)
        return View(self.state, *amounts, self.charge == "ask", self.refunds)

    def shows(self, seen: View) -> bool:
        return seen == (self.view() if seen.refunds is not None else replace(self.view(), refunds=None))


Step = Iterator[tuple[str, World]]
Request = Callable[[World], Step]


def charged(world: World, end: str) -> World:
    """The world in which the charge has become `end`."""
    closed = replace(world, ends=frozenset())
    match end:
        case "approved":
            return replace(
                closed,
                charge="approved",
                authorized=world.amount,
                captured=0 if world.is_manual else world.amount,
            )
        case "declined":
            return replace(closed, charge="ask" if world.asks else "failed")
        case "pending":
            return replace(world, charge="open", ends=frozenset({"approved"}))
    return replace(closed, charge=end)


def moved(world: World, pending: Pending, *, is_done: bool) -> World:
    """The world in which a capture or a refund has ended."""
    rest = list(world.pending)
    rest.remove(pending)
    world = replace(world, pending=tuple(rest))
    if pending.refund is not None:
        refunds = list(world.refunds)
        refunds[pending.refund] = (pending.amount, "SUCCEEDED" if is_done else "FAILED")
        world = replace(world, refunds=tuple(refunds))
        return replace(world, refunded=world.refunded + pending.amount) if is_done else world
    if not is_done:
        return world
    released = world.is_released or pending.is_final
    return replace(world, captured=world.captured + pending.amount, is_released=released)


def later(worlds: Iterable[World]) -> set[World]:
    """All worlds that can follow without a further request."""
    known = set(worlds)
    todo = list(known)
    while todo:
        world = todo.pop()
        following = [charged(world, end) for end in world.ends]
        following += [moved(world, p, is_done=is_done) for p in world.pending for is_done in p.ends]
        for new in following:
            if new not in known:
                known.add(new)
                todo.append(new)
    return known


def charging(ends: Iterable[str], *, may_pend: bool) -> Callable[[World], Step]:
    """A charge was sent: it has ended in one of `ends`, or with `may_pend` is still to."""

    def step(world: World) -> Step:
        opened = replace(world, charge="open", ends=frozenset(ends))
        if may_pend:
            yield OK, opened
            yield BUSY, opened
        else:
            for end in ends:
                yield OK, charged(opened, end)

    return step


def deciding(end: str) -> Request:
    """The payer has decided at the provider; we hear of it some time later."""

    def step(world: World) -> Step:
        if world.charge == "action" and not world.ends:
            yield OK, replace(world, ends=frozenset({end}))
        else:
            yield OK, world

    return step


def capturing(amount: int, *, is_final: bool, ends: frozenset[bool], may_pend: bool) -> Request:
    """A capture of `amount`, or of all that is left for 0."""

    def step(world: World) -> Step:
        if world.state != "AUTHORIZED":
            yield CONFLICT, world
            return
        if (amount or world.capturable) > world.capturable or not world.capturable:
            yield "CAPTURE_EXCEEDS_AUTHORIZED", world
            return
        possible = ends
        captures = [p for p in world.pending if p.refund is None]
        if any(p.is_final for p in captures):
            possible = ends | {False}  # The provider may have released the rest already.
        if is_final and captures:
            world = replace(
                world,
                pending=tuple(p if p.refund is not None else replace(p, ends=p.ends | {False}) for p in world.pending),
            )
        sent = Pending(amount or world.capturable, possible, is_final)
        yield from _sent(world, sent, may_pend=may_pend)

    return step


def refunding(amount: int, *, ends: frozenset[bool], may_pend: bool) -> Request:
    """A refund of `amount`, or of all that is left for 0."""

    def step(world: World) -> Step:
        if not world.captured:
            yield CONFLICT, world
            return
        if (amount or world.refundable) > world.refundable or not world.refundable:
            yield "REFUND_EXCEEDS_CAPTURED", world
            return
        sent = Pending(amount or world.refundable, ends, refund=len(world.refunds))
        yield from _sent(replace(world, refunds=(*world.refunds, (sent.amount, "PROCESSING"))), sent, may_pend=may_pend)

    return step


def _sent(world: World, sent: Pending, *, may_pend: bool) -> Step:
    world = replace(world, pending=(*world.pending, sent))
    if may_pend:
        yield OK, world
        yield BUSY, world
    else:
        for is_done in sent.ends:
            yield OK, moved(world, sent, is_done=is_done)


def canceling(world: World) -> Step:
    """A cancel: refused where nothing is left, and where a capture or the charge itself is on its way."""
    if world.state in TERMINAL:
        yield CONFLICT, world
    elif world.charge == "ask" or (world.charge == "action" and not world.ends):
        yield OK, replace(world, charge="canceled")
    elif world.charge == "approved":
        if any(p.refund is None for p in world.pending):
            yield BUSY, world
        else:
            yield OK, replace(world, is_released=True)
    else:  # The provider decides whether the cancel came before the payment; the books tell in the end.
        yield BUSY, world
        yield OK, world
        yield OK, replace(world, charge="canceled", ends=frozenset())


def asking(world: World) -> Step:
    """ConfirmPayment without a method: the provider is asked, nothing else may come of it."""
    if world.charge == "ask":
        yield CONFLICT, world
    else:
        yield OK, world
        if world.state != "REQUIRES_ACTION":
            yield CONFLICT, world


def paying_otherwise(charge: Callable[[World], Step]) -> Request:
    """ConfirmPayment with another method: the open action is closed first, and never are both charged."""

    def step(world: World) -> Step:
        if world.state != "REQUIRES_ACTION":
            yield CONFLICT, world
            return
        yield from charge(world)
        if world.ends:  # The payer was faster; what became of it is shown instead.
            yield OK, world
            yield CONFLICT, world
            if world.is_manual and "approved" in world.ends:  # Approved and voided: that is how it ends.
                yield OK, replace(charged(world, "approved"), is_released=True)

    return step


def nothing(world: World) -> Step:
    """A read."""
    yield OK, world


class Payment:
    """All that is possible for one payment."""

    def __init__(self, *, amount: int, is_manual: bool, asks: bool) -> None:
        self.amount = amount
        self.worlds = {World(amount, is_manual, asks)}

    @property
    def is_at_rest(self) -> bool:
        return all(world.is_at_rest for world in self.worlds)

    @property
    def world(self) -> World:
        """The only world of a payment at rest."""
        (world,) = self.worlds
        return world

    def observe(self, request: Request, answer: str, seen: View | None) -> None:
        """Keep the worlds in which `request` has this answer and this view; raise PromiseBroken if there is none."""
        before = later(self.worlds)
        after = {world for old in before for said, world in request(old) if said == answer}
        explained = {world for world in later(after) if seen is None or world.shows(seen)}
        if not explained:
            allowed = sorted(
                {(said, str(w.view())) for old in before for said, new in request(old) for w in later([new])}
            )
            raise PromiseBroken(
                f"{answer} {seen}\n  is none of:\n" + "\n".join(f"  {said} {view}" for said, view in allowed[:12])
            )
        self.worlds = explained

    def rest(self) -> None:
        """Take note that nothing is in flight any more."""
        if not any(world.is_at_rest for world in self.worlds):
            raise PromiseBroken(f"nothing is in flight, but only these were possible: {self.worlds}")
        self.worlds = {world for world in self.worlds if world.is_at_rest}

    def look(self, seen: View) -> None:
        """Take note of what a read shows."""
        self.observe(nothing, OK, seen)
