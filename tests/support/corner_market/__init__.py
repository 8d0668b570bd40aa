"""Corner, a marketplace of the tests: how-to-add-a-marketplace followed step by step."""
