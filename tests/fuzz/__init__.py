"""Damaged and hostile input by the thousand: one clear error or an answer, in bounded time and memory.

``python -m tests.fuzz`` runs a budget of two minutes; ``--cases N --seed S`` runs as many as one likes, and
``--case K --seed S`` shows one again.
"""
