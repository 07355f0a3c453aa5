"""Settings of all tests: property tests try the same examples everywhere, and are not timed."""

from hypothesis import settings

settings.register_profile("everywhere", deadline=None, derandomize=True)
settings.load_profile("everywhere")
