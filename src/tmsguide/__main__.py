"""``python -m tmsguide``."""

import sys

from tmsguide.cli import main

sys.exit(main())
