from . import test_tier_choice, test_tiers
