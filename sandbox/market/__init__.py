"""What every stand-in marketplace has: a world, chats, pages, faults and a control API.

A platform's folder beside this one adds what is its own (docs/sandbox.md, "How to add a platform").
"""
