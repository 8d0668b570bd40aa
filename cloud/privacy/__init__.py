"""What is kept for how long, and what is held about one buyer."""
