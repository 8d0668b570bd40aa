"""Marketplaces behind one interface: one folder each, no database and no settings.

Start at `interface.Marketplace`. `access`, `orders`, `chats` and `capabilities` hold the values
that cross the border, `errors` what goes wrong, `registry` finds a marketplace by its channel name.
An adapter takes credentials and returns frozen dataclasses; it never repeats a request by itself.
Ids are strings whatever the marketplace sends, and every time is an aware UTC datetime.
"""
