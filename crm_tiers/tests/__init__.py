from . import test_tier_choice
from . import test_tiers
