"""The ensemble: a case solved for many draws of its uncertain parameters, sixteen at a time, evidence weighed in."""

from servanda.ensemble.study import Ensemble

__all__ = ["Ensemble"]
