"""The case language: reads a YAML file, says all that is wrong with it, and resolves it."""

from servanda.case.loading import Loaded, find, library, load, load_text, parse_text, read
from servanda.case.written import dump

__all__ = ["Loaded", "dump", "find", "library", "load", "load_text", "parse_text", "read"]
