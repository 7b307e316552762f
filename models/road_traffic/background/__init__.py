"""Background cars as vehicles with ids, and the counts they are held against."""
