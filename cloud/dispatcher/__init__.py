"""From proof to chat: matching, planning, and the engine that sends the outbox."""
