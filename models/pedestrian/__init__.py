"""Walking, staying and leaving on the walk layer."""
