"""The rooms of the workbench: each module has a `router` with one page and the routes that page needs."""
