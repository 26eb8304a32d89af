"""Who gets which offer under a budget and capacities, what one more unit of each is worth, and how sure the plan is."""
