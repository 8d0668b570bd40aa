"""Addresses of Order Fulfillment Assistant."""

PATH = "/fulfillment"
ASSISTANT_PATH = f"{PATH}/assistant"
PHONE_PATH = "/phone"
