"""Languages, calendars and identity of countries: plain Python, no Odoo."""
