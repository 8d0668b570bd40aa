"""Where photos are kept: one interface, stores that are proven by the same tests."""
