"""What comes in: declarations, the door, and the simulated town. Never opens the warehouse database."""
