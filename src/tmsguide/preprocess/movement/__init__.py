"""How the head moved, and which frames are still enough."""
