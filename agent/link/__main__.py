"""``python -m agent.link``: started by the warden."""

import sys

from agent.lean import without_openssl

if __name__ == "__main__":
    without_openssl()
    from agent.link.process import main

    sys.exit(main())
