"""The sandbox's pages: templates, and what renders them."""
