"""Projections in calendar time: outcomes, indicators and answers to dated questions, by exact forward propagation."""
