"""Raw BIDS: who is there, which files belong together, what may be told of them."""
