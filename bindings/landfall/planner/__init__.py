"""Capacity planning: what an estate needs, found from its churn and from documented limits."""
