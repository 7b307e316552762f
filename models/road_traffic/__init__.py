"""Vehicles on the drive layer."""
