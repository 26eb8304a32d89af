"""What dashboards show, prepared by the monthly run: small parts that a page only has to place."""
