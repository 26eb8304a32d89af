"""Satisfaction and the voice of the customer (顧客満足・VoC): what customers say of the company, and what goes with it."""
