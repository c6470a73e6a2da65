"""What the container's image promises, read from its Dockerfile."""

import json
import re

from tests.architecture.tree import ROOT

# The default MEDIA_ROOT and PRIVATE_ROOT.
UPLOADS = ("var/media", "var/private")


def test_what_staff_upload_outlives_the_container() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    volumes = re.findall(r"^VOLUME (.*)$", dockerfile, re.MULTILINE)

    assert json.loads(volumes[0]) == [f"/srv/shop/{folder}" for folder in UPLOADS]
    assert f"mkdir -p {' '.join(UPLOADS)} && chown -R shop var" in dockerfile
