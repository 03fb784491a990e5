"""Finds the Chromium that the browser tests drive: `CHROMIUM`, else one that is installed.

As a program (`python -m tests.browsers`) it installs one, with a Chinese font, where it can: as root, with apt-get.
"""

import os
import shutil
import subprocess
import sys

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def chromium() -> str | None:
    """The path of a Chromium, or None when this machine has none."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)


def _has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip())


def main() -> int:
    """Install what is missing. 1 when no Chromium is to be had and we run in CI, where browser tests must run."""
    missing = [] if chromium() else ["chromium"]
    missing += [] if _has_chinese_font() else ["fontconfig", "fonts-noto-cjk"]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *arguments], env=environment, stdout=subprocess.DEVNULL, check=False)
    if chromium():
        return 0
    sys.stderr.write(
        "没有 Chromium：请安装，或用 CHROMIUM 指明其路径；浏览器测试将跳过。 No Chromium found.\n"
    )
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
