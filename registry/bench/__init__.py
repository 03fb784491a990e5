"""`manage.py bench`: the figures to reach, measured on a sample city in a database of its own."""
