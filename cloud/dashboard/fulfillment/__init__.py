"""Order Fulfillment Assistant in a browser: its pages, and what they bring in (S0-26 to S0-43)."""
