"""A believable sample city 样例城市, made from (scale, seed, today) and nothing else.

The people here are invented. `community.py` makes one community at a time from its own seed, so the
city can be made in any number of processes and always comes out the same; `rows.py` and `feeds.py`
turn what it makes into database rows and into the departments' files.
"""
