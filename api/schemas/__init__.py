"""The shapes of answers. Nothing is dumped through them: they document, and tests hold real answers to them."""
