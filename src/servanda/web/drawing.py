"""Where the places of an agreement's course stand on paper, and how the lines between them run.

Places that are not ends stand in layers, laid out by the method of Sugiyama, Tagawa & Toda (1981); ends stand in a
column beside them, next to where they mostly come from. The drawing depends on the case and the draft only, so that
nothing moves under the hand that moves a slider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fast_sugiyama import from_edges

from servanda.diagnosis.course import Course

Pair = tuple[int, int]
Spot = tuple[float, float]
WIDTH, HEIGHT = 178.0, 62.0
END_WIDTH, END_HEIGHT = 244.0, 44.0
ACROSS, DOWN = 22.0, 44.0
# free paper beside the layers for lines that go round, and between them and the ends
MARGIN, CHANNEL, LANE = 12.0, 168.0, 20.0
UNIT = 72


@dataclass(frozen=True, slots=True)
class Box:
    """A place on paper: its left upper corner and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn line: the passages it stands for, its path in SVG's own language, and where its label goes."""

    passages: tuple[int, ...]
    source: int
    target: int
    path: str
    label: Spot


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes in the order of the places, and lines; `ends` frames all places where an agreement has ended."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    ends: Box | None


def drawn(course: Course) -> Drawing:
    """Lay out a course.

    >>> from servanda.diagnosis.course import Passage, Stay
    >>> from servanda.diagnosis.places import Place
    >>> stays = tuple(Stay(Place(n, n, n, r), 0.0, 0.0, ()) for r, n in enumerate(("none", "talks")))
    >>> there, back = Passage(0, 1, 0.0, 0.0, ()), Passage(1, 0, 0.0, 0.0, ())
    >>> drawing = drawn(Course("d", "D", "start", (), stays, (there, back), ()))
    >>> drawing.boxes[0].y < drawing.boxes[1].y, len({line.path for line in drawing.lines})
    (True, 2)
    """
    ranks = [stay.place.rank for stay in course.stays]
    ended = [i for i, stay in enumerate(course.stays) if stay.place.stage == "ended"]
    standing = [i for i in range(len(course.stays)) if i not in ended]
    pairs = {(p.source, p.target): k for k, p in enumerate(course.passages)}
    layer, centre = _layers(standing, [p for p in pairs if p[0] in standing and p[1] in standing], ranks)
    routes = _Routes(layer, centre, pairs, set(ended))
    left = MARGIN + LANE * routes.lanes
    low = min(centre.values(), default=0.0)
    boxes: dict[int, Box] = {
        i: Box(left + centre[i] - low, MARGIN + layer[i] * (HEIGHT + DOWN), WIDTH, HEIGHT) for i in standing
    }
    right = max((b.x + b.width for b in boxes.values()), default=0.0)
    bottom = max((b.y + b.height for b in boxes.values()), default=0.0)
    frame = None
    if ended:
        frame = _place_ends(boxes, ended, list(pairs), right + CHANNEL, bottom)
        right, bottom = frame.x + frame.width, max(bottom, frame.y + frame.height)
    lines = routes.lines(boxes, frame)
    whole = tuple(boxes[i] for i in range(len(course.stays)))
    return Drawing(right + MARGIN, bottom + MARGIN, whole, lines, frame)


def _layers(
    standing: Sequence[int], pairs: Sequence[Pair], ranks: Sequence[int]
) -> tuple[dict[int, int], dict[int, float]]:
    """Layer of every place that is no end, from the top, and where it stands across (its left edge)."""
    number = {place: k for k, place in enumerate(standing)}
    forward = {(s, t) if (ranks[s], s) < (ranks[t], t) else (t, s) for s, t in pairs}
    # numbers from 0 on keep the layout the same in every process; what lies above them are its own dummy nodes
    edges = sorted((number[s], number[t]) for s, t in forward)
    layer, centre = dict.fromkeys(standing, 0), dict.fromkeys(standing, 0.0)
    if not edges:
        return layer, centre
    joined = {n: k for k, n in enumerate(dict.fromkeys(n for edge in edges for n in edge))}
    back = {k: standing[n] for n, k in joined.items()}
    found = from_edges([(joined[s], joined[t]) for s, t in edges], vertex_spacing=UNIT, dummy_vertices=True)
    spots = {back[n]: xy for n, xy in found.dot_layout().to_dict().items() if n in back}
    top = spots[back[joined[edges[0][0]]]][1]
    heights = sorted({y for _, y in spots.values()}, key=lambda y: abs(y - top))
    for place, (x, y) in spots.items():
        layer[place] = heights.index(y)
        centre[place] = x
    _spread(layer, centre)
    return layer, centre


def _spread(layer: Mapping[int, int], centre: dict[int, float]) -> None:
    """Set the places of every layer side by side around a common axis, in the order found."""
    pitch = WIDTH + ACROSS
    for depth in set(layer.values()):
        row = sorted((p for p in layer if layer[p] == depth), key=lambda p: (centre[p], p))
        for k, place in enumerate(row):
            centre[place] = (k - (len(row) - 1) / 2) * pitch


def _place_ends(boxes: dict[int, Box], ended: Sequence[int], pairs: Sequence[Pair], x: float, bottom: float) -> Box:
    """Stand the ends in a column, next to where they come from, and give their frame."""
    come_from = {e: [boxes[s].y for s, t in pairs if t == e and s in boxes] for e in ended}
    order = sorted(ended, key=lambda e: (sum(come_from[e]) / len(come_from[e]) if come_from[e] else 0.0, e))
    head = 30.0
    pitch = max(END_HEIGHT + 9.0, min(96.0, (bottom - MARGIN - head) / len(order)))
    for k, place in enumerate(order):
        boxes[place] = Box(x + 10.0, MARGIN + head + k * pitch, END_WIDTH, END_HEIGHT)
    last = boxes[order[-1]]
    return Box(x, MARGIN, END_WIDTH + 20.0, last.y + last.height + 10.0 - MARGIN)


class _Routes:
    """The lines to draw: between neighbouring layers, round the outside, to the ends, and back from them."""

    def __init__(
        self, layer: Mapping[int, int], centre: Mapping[int, float], pairs: Mapping[Pair, int], ended: set[int]
    ):
        self.pairs, self.layer, self.centre, self.ended = pairs, layer, centre, ended
        standing = [p for p in pairs if not ended & {*p}]
        self.straight = [p for p in standing if abs(layer[p[0]] - layer[p[1]]) == 1]
        self.round = sorted(
            (p for p in standing if p not in self.straight), key=lambda p: (abs(layer[p[0]] - layer[p[1]]), p)
        )
        self.to_ends = [p for p in pairs if p[1] in ended and p[0] not in ended]
        self.back = [p for p in pairs if p[0] in ended]

    @property
    def lanes(self) -> int:
        """How many lines go round the outside."""
        return len(self.round)

    def lines(self, boxes: Mapping[int, Box], frame: Box | None) -> tuple[Line, ...]:
        """All lines, in the order of their passages."""
        ports = self._ports(boxes)
        found = [self._line(p, _down(*ports[p])) for p in self.straight]
        earlier: dict[int, int] = {}
        for pair in self.to_ends:
            # labels of lines that arrive beside each other stand one after the other
            turn = earlier[pair[1]] = earlier.get(pair[1], -1) + 1
            found.append(self._line(pair, _across(*ports[pair], 0.8 - 0.17 * (turn % 3))))
        for lane, pair in enumerate(self.round, 1):
            found.append(self._line(pair, _round(*ports[pair], lane)))
        for target in sorted({t for _, t in self.back}):
            passages = tuple(self.pairs[p] for p in self.back if p[1] == target)
            assert frame is not None
            box = boxes[target]
            end = (box.x + box.width, box.y + 12.0)
            path, label = _across((frame.x, frame.y + 12.0), end, 0.5)
            found.append(Line(passages, self.back[0][0], target, path, label))
        return tuple(sorted(found, key=lambda line: line.passages))

    def _line(self, pair: Pair, course: tuple[str, Spot]) -> Line:
        return Line((self.pairs[pair],), *pair, *course)

    def _ports(self, boxes: Mapping[int, Box]) -> dict[Pair, tuple[Spot, Spot]]:
        """Where every line leaves its source and meets its target, spread along the side they share with others."""
        sides: dict[tuple[int, str], list[tuple[float, Pair, int]]] = {}

        def add(place: int, side: str, by: float, pair: Pair, end: int) -> None:
            sides.setdefault((place, side), []).append((by, pair, end))

        for pair in self.straight:
            source, target = pair
            down = self.layer[target] > self.layer[source]
            # the same order at both ends of two opposite lines
            nudge = 0.0 if down else 1.0
            add(source, "bottom" if down else "top", boxes[target].x + nudge, pair, 0)
            add(target, "top" if down else "bottom", boxes[source].x + nudge, pair, 1)
        for pair in self.to_ends:
            source, target = pair
            add(source, "right", boxes[target].y, pair, 0)
            add(target, "left", boxes[source].y + boxes[source].x / 1e6, pair, 1)
        for pair in self.round:
            source, target = pair
            add(source, "left", boxes[target].y, pair, 0)
            add(target, "left", boxes[source].y, pair, 1)
        spots: dict[tuple[Pair, int], Spot] = {}
        for (place, side), ends in sides.items():
            box = boxes[place]
            for k, (_, pair, end) in enumerate(sorted(ends), 1):
                share = k / (len(ends) + 1)
                spots[pair, end] = {
                    "top": (box.x + share * box.width, box.y),
                    "bottom": (box.x + share * box.width, box.y + box.height),
                    "left": (box.x, box.y + share * box.height),
                    "right": (box.x + box.width, box.y + share * box.height),
                }[side]
        return {pair: (spots[pair, 0], spots[pair, 1]) for pair in (*self.straight, *self.to_ends, *self.round)}


def _down(start: Spot, end: Spot) -> tuple[str, Spot]:
    """A line between layers: it leaves and arrives upright."""
    bend = (end[1] - start[1]) * 0.45
    one, other = (start[0], start[1] + bend), (end[0], end[1] - bend)
    return _curve(start, one, other, end), _along(start, one, other, end, 0.5)


def _across(start: Spot, end: Spot, share: float) -> tuple[str, Spot]:
    """A line beside the layers: it leaves and arrives level."""
    bend = (end[0] - start[0]) * 0.5
    one, other = (start[0] + bend, start[1]), (end[0] - bend, end[1])
    return _curve(start, one, other, end), _along(start, one, other, end, share)


def _round(start: Spot, end: Spot, lane: int) -> tuple[str, Spot]:
    """A line round the outside, to the left of all boxes it passes."""
    out = min(start[0], end[0]) - LANE * lane * 4 / 3 - 8.0
    one, other = (out, start[1]), (out, end[1])
    return _curve(start, one, other, end), _along(start, one, other, end, 0.5)


def _curve(start: Spot, one: Spot, other: Spot, end: Spot) -> str:
    def at(spot: Spot) -> str:
        return f"{spot[0]:.1f} {spot[1]:.1f}"

    return f"M{at(start)}C{at(one)} {at(other)} {at(end)}"


def _along(start: Spot, one: Spot, other: Spot, end: Spot, share: float) -> Spot:
    """The point of a Bézier curve at a share of its parameter."""
    rest = 1.0 - share
    weights = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
    x, y = (sum(w * spot[k] for w, spot in zip(weights, (start, one, other, end), strict=True)) for k in (0, 1))
    return round(x, 1), round(y, 1)
