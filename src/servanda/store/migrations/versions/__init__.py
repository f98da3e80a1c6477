"""One step a file, named by the version that it leads to."""
