"""Booking: slots, books, rules, the desk on the day, and what hauliers learn."""
