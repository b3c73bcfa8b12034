"""The test lab."""
