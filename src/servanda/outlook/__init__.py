"""The outlook: the forecast of a case over all draws of its uncertain parameters, before and after the evidence."""
