# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/json-api.md and the commands that tools/quickstart prints work as they stand there."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import textwrap

import pytest

from conftest import PATIENCE, ROOT, free_port


def examples():
    text = (ROOT / "docs" / "json-api.md").read_text()
    return [textwrap.dedent(block) for block in re.findall(r"(?ms)^ *```sh\n(.*?)^ *```$", text)]


def shell(commands, **environment):
    """What the commands print, as they are pasted into a shell; each of them succeeds, and nothing of it stays."""
    script = "set -euo pipefail\n" + commands
    with subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
                          env=dict(os.environ, **environment), start_new_session=True) as process:
        try:
            printed, _ = process.communicate(script, timeout=PATIENCE)
        except subprocess.TimeoutExpired as late:
            pytest.fail(f"the commands do not end: {late.stdout}")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, printed
    return printed


def test_ten_examples(doors, tmp_path):
    setup, *ten = examples()
    assert len(ten) == 10
    demo = tmp_path / "demo"
    demo.mkdir()
    shutil.copy(doors.root, demo / "root.pem")
    shutil.copy(doors.vnfm_a.cert, demo / "vnfm-a.pem")
    shutil.copy(doors.vnfm_a.private_key, demo / "vnfm-a.key")
    printed = shell("\necho '=== next'\n".join([setup, *ten]), demo=str(demo), port=str(free_port()),
                    cmf=f"https://127.0.0.1:{doors.tls_port}/cmf-certmgmt").split("=== next\n")[1:]
    assert json.loads(printed[0])["apiVersions"]
    assert [r["subjectId"] for r in json.loads(printed[1])] == ["vnfc-1", "vnfc-2"]
    assert printed[4].endswith(": OK\n")
    assert '"vnfc-1"' in printed[5] and " 200" in printed[5].splitlines()[0]
    told = [json.loads(line) for line in (demo / "events.log").read_text().splitlines()]
    assert {"CertificateRevoked", "RegistrationRemoved"} <= {n["notificationType"] for n in told}
    assert {c["status"] for c in doors.a.listed("/cmf-certmgmt/v1/certificates?filter=(eq,subjectId,vnfc-1)")} == {"REVOKED"}
