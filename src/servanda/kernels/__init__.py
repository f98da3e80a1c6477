"""Bare arrays: stage operators on values (backward) and on probability mass (forward).

NumPy and numba only; no actors, drafts or dates by name. Every compiled kernel has a plain twin in
`servanda.kernels.plain` that tests compare it with.
"""
