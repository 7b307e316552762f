"""Bundled districts, authored from public facts; every output calls them schematic."""
