"""The browser's part: its packages and its build."""

from provision import BUILD, ROOT
from provision.node import find_node
from provision.stamps import Stamp, digest, files_below
from provision.steps import run_step

FRONTEND = ROOT / "frontend"
GENERATED = ("node_modules", "dist", "coverage", ".vite")


def install_packages() -> None:
    """npm ci, only when its inputs changed. Raises SetupError."""
    packages = Stamp(
        FRONTEND / "node_modules/.fleetscope", digest(FRONTEND / "package.json", FRONTEND / "package-lock.json")
    )
    if packages.fresh():
        return
    node = find_node()
    run_step(
        "installing the frontend's packages",
        [*node.npm, "ci", "--include=dev", "--no-audit", "--no-fund"],
        cwd=FRONTEND, env=node.env, fix="check the network and npm's settings (npm config list)",
    )  # fmt: skip
    packages.write()


def build_frontend() -> None:
    """npm run build, only when its inputs changed. Raises SetupError."""
    sources = files_below(FRONTEND, without=GENERATED)
    built = Stamp(
        BUILD / "frontend.stamp",
        digest(*(part for path in sources for part in (str(path.relative_to(FRONTEND)), path))),
    )
    if built.fresh() and (FRONTEND / "dist/index.html").is_file():
        return
    node = find_node()
    run_step(
        f"building the frontend with Node {node.version}",
        [*node.npm, "run", "build"],
        cwd=FRONTEND, env=node.env, fix="the sources in frontend/ do not build",
    )  # fmt: skip
    built.write()
