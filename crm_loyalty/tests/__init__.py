from . import test_documents
from . import test_handover
from . import test_lifecycle
from . import test_marks
from . import test_profile_requirement
from . import test_purchase_import
from . import test_refresh
