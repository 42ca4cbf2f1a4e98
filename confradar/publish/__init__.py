"""What readers take away: rows as JSON and CSV, calendars, feeds."""
