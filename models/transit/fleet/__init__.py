"""Vans, requests and plans as rows."""
