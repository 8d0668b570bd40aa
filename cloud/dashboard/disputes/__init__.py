"""Disputes: open returns and refunds, with what there is to answer them."""
