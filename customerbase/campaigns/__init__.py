"""Campaigns: whom they move, and what the workbook that plans them costs and brings."""
