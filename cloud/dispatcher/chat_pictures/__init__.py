"""The pictures that go into chats, made from stored photos. The stored original never changes."""
