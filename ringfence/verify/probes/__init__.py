"""Questions to a host that are too long for the baseline test that asks them."""
