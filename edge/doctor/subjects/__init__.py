"""What the doctor looks at: one file a subject, each with a function ``check``."""
