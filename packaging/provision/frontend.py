"""The browser's part: its packages and its build."""

from provision import BUILD, ROOT
from provision.node import find_node
from provision.stamps import Stamp, digest, files_below
from provision.steps import run_step

FRONTEND = ROOT / "frontend"
GENERATED = ("node_modules", "dist", "coverage", ".vite")


def build_frontend() -> None:
    """npm ci and npm run build, each only when its inputs changed. Raises SetupError."""
    packages = Stamp(
        FRONTEND / "node_modules/.fleetscope", digest(FRONTEND / "package.json", FRONTEND / "package-lock.json")
    )
    sources = files_below(FRONTEND, without=GENERATED)
    built = Stamp(
        BUILD / "frontend.stamp",
        digest(*(part for path in sources for part in (str(path.relative_to(FRONTEND)), path))),
    )
    if packages.fresh() and built.fresh() and (FRONTEND / "dist/index.html").is_file():
        return
    node = find_node()
    if not packages.fresh():
        run_step(
            "installing the frontend's packages",
            [*node.npm, "ci", "--include=dev", "--no-audit", "--no-fund"],
            cwd=FRONTEND, env=node.env, fix="check the network and npm's settings (npm config list)",
        )  # fmt: skip
        packages.write()
    run_step(
        f"building the frontend with Node {node.version}",
        [*node.npm, "run", "build"],
        cwd=FRONTEND, env=node.env, fix="the sources in frontend/ do not build",
    )  # fmt: skip
    built.write()
