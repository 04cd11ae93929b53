"""`python -m fleetscope`."""

from fleetscope.cli import main

if __name__ == "__main__":
    main()
