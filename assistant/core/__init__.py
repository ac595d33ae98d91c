"""What everything stands on: the records that flow, errors, text, settings, SQLite, logistic models, JSON."""
