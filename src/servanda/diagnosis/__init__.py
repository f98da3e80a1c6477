"""What makes a deal hold or fail: gates, survival, credibility, and the reasons behind margins."""

from servanda.diagnosis.findings import (
    CredibilityGap,
    DraftVerdict,
    Ending,
    FrictionEffect,
    Gate,
    Reason,
    Survival,
    Tightest,
    Why,
)  # fmt: skip

__all__ = [
    "CredibilityGap", "DraftVerdict", "Ending", "FrictionEffect", "Gate", "Reason", "Survival", "Tightest", "Why",
]  # fmt: skip
