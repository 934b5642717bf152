"""What scenarios hand to the report."""

from dataclasses import dataclass, field

from measure import spread

REFERENCE = "hf_xet"
PLAIN = "nginx, plain file"


@dataclass
class Work:
    """One piece of work and what its subjects needed for it: `samples` is {subject: [Sample]}."""

    name: str
    samples: dict

    def median(self, subject, quantity):
        """The median of a quantity of `Sample`; None if the subject or the quantity is not there."""
        found = spread([getattr(sample, quantity) for sample in self.samples.get(subject, [])])
        return found.median if found else None

    def peak_mib(self, subject):
        """The highest resident MiB of all runs."""
        return max(sample.peak_mib for sample in self.samples[subject])

    def ratio(self, subject, to, quantity):
        """The quotient of two medians of the same run; None where one is missing, or for a subject with itself."""
        mine, other = self.median(subject, quantity), self.median(to, quantity)
        return mine / other if subject != to and mine is not None and other else None


@dataclass(frozen=True)
class Target:
    """A bound that has to hold: at least `bound`, or at most if `is_limit`."""

    work: str
    what: str
    found: float
    bound: float
    is_limit: bool = False
    unit: str = ""

    @property
    def holds(self):
        return self.found <= self.bound if self.is_limit else self.found >= self.bound


@dataclass(frozen=True)
class Fact:
    """A number that stands alone, such as bytes fetched per byte delivered."""

    work: str
    what: str
    value: str


@dataclass(frozen=True)
class Curve:
    """A line of a plot: points (x, y), sorted by x."""

    name: str
    points: tuple


@dataclass(frozen=True)
class Panel:
    """A diagram with its own y axis."""

    y_label: str
    curves: tuple


@dataclass(frozen=True)
class Plot:
    """Diagrams over the same logarithmic x axis, written to `<name>.svg`."""

    name: str
    title: str
    x_label: str
    panels: tuple


@dataclass
class Outcome:
    """What one scenario found."""

    works: list = field(default_factory=list)
    targets: list = field(default_factory=list)
    facts: list = field(default_factory=list)
    plots: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
