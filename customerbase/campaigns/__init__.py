"""Did it work? Campaign effects against a random hold-out, and what can be said without one (docs/campaigns.md)."""
