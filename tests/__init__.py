"""Tests of the twin; modules are imported from the root of the checkout, as ``tests.…``."""
