"""What a deadline is, and nothing else: plain functions and data that know no framework."""
