"""``python -m twin`` does what ``twin`` does."""

from twin.cli import main

if __name__ == "__main__":
    main()
