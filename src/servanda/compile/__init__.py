"""Resolved case -> game: structure once, numbers many times, with the map back to the lines of the case."""

from servanda.compile.compiler import Compiled, compile_case

__all__ = ["Compiled", "compile_case"]
