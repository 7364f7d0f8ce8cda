"""``python -P -m reportgen.desk.compare RESULT``: the process of one contestant."""

import sys
from pathlib import Path

from reportgen.desk.compare.child import main

if __name__ == "__main__":
    main(Path(sys.argv[1]))
