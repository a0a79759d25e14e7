from . import test_refresh
