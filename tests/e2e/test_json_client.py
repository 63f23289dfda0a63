# SPDX-License-Identifier: Apache-2.0
"""A client that public tools make from the OpenAPI file (npm openapi-typescript with openapi-fetch, versions pinned by
package-lock.json): it registers, gets, renews, reads and revokes, and its compiler has checked every name in it."""
import json
import shutil
import subprocess

import pytest

from conftest import BUILD, run
from json_door import pkcs10

import binding
import conftest

SOURCE = conftest.ROOT / "tests" / "e2e" / "openapi_client"


@pytest.fixture(scope="module")
def client_js():
    """The compiled client; skips where the packages cannot be had."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("there is no npm")
    # Modules that are there already are used again.
    work = BUILD / "openapi-client"
    work.mkdir(exist_ok=True)
    for file in SOURCE.iterdir():
        if not file.is_dir():
            shutil.copy(file, work)
    if run(["npm", "ls", "--all"], cwd=work, check=False).returncode != 0:
        installed = run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1",
                         "--fetch-timeout=30000"], cwd=work, check=False)
        if installed.returncode != 0:
            pytest.skip("npm cannot install what makes the client: " + installed.stdout.strip().splitlines()[-1])
    run(["npx", "--no-install", "openapi-typescript", binding.FILE, "-o", "schema.d.ts"], cwd=work)
    run(["npx", "--no-install", "tsc", "-p", "."], cwd=work)
    return work / "client.js"


def test_a_generated_client_goes_the_way_of_a_vnfm(doors, client_js, tmp_path):
    csrs = [tmp_path / name for name in ("first.csr", "second.csr")]
    for csr in csrs:
        csr.write_text(pkcs10(doors.vnfm_a.key(), "/CN=generated-1"))
    said = subprocess.run(["node", client_js, f"https://127.0.0.1:{doors.tls_port}/cmf-certmgmt", doors.root, doors.vnfm_a.cert,
                           doors.vnfm_a.private_key, *csrs], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=conftest.PATIENCE)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout) == {
        "version": "1.0.0-impl:cmfd:cmf-certmgmt:1", "state": "REGISTERED", "chain": 1, "replacedBy": True,
        "statuses": {"first": "REVOKED", "second": "VALID"}, "refused": 404}
