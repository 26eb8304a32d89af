"""Dashboard pages: they read the published month and never write; what a browser sends is checked, not believed."""
