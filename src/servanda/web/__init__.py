"""The workbench: a local web application over the cases, runs and jobs of a store."""
