"""``python -m reportgen`` and the console script."""

import sys

from reportgen.cli import main

if __name__ == "__main__":
    sys.exit(main())
