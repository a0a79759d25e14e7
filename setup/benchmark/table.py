"""The table of results."""

from dataclasses import dataclass

HEADER = ("what", "median", "floor", "ratio", "target", "MB", "")
WIDTHS = (58, 12, 12, 10, 12, 7, 6)


@dataclass
class Row:
    """One line of the table; `ratio` is held against `target`.

    `target` is text such as "<= 1.6" or ">= 30", or empty for a row that only
    informs. `megabytes` is the peak of private memory of Odoo and its backend.
    """

    what: str
    value: float | None = None
    floor: float | None = None
    ratio: float | None = None
    target: str = ""
    megabytes: float | None = None
    unit: str = "s"

    def met(self):
        """Whether the target is met; None when there is none."""
        if not self.target:
            return None
        relation, limit = self.target.split()
        limit = float(eval_fraction(limit))
        shown = self.value if self.ratio is None else self.ratio
        return shown <= limit if relation == "<=" else shown >= limit

    def cells(self):
        """What the columns show."""
        ratio = ""
        if self.ratio is not None:
            ratio = (
                f"{self.ratio:.2f}" if self.ratio > 0.1 else f"1/{1 / self.ratio:.0f}"
            )
        met = {None: "", True: "ok", False: "MISSED"}[self.met()]
        return (
            self.what,
            self._amount(self.value),
            self._amount(self.floor),
            ratio,
            self.target,
            "" if self.megabytes is None else f"{self.megabytes:.0f}",
            met,
        )

    def _amount(self, value):
        if value is None:
            return ""
        if self.unit != "s":
            return f"{value:.1f} {self.unit}".replace(".0 ", " ")
        return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def eval_fraction(text):
    """The number that "1.6" or "1/500" stands for."""
    above, _slash, below = text.partition("/")
    return float(above) / float(below or 1)


def show(*cells):
    """Print one line of the table."""
    padded = (
        str(cell).ljust(width) if index == 0 else str(cell).rjust(width)
        for index, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    )
    print(" ".join(padded).rstrip(), flush=True)
