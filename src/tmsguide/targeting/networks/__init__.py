"""The networks of one person, by templates and by communities."""
