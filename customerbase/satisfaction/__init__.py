"""How satisfied customers are and what they tell the company: what they ask, how well they are served, what it does to them."""
