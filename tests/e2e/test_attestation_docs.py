# SPDX-License-Identifier: Apache-2.0
"""docs/attestation.md, "Step by step", as it stands there: tpm2-tools make the keys in a TPM (swtpm), and
docs/examples/tpm_attest.py the PKCS#10 with the statement."""
import os
import re
import subprocess

import pytest

import tpm
from conftest import ROOT, Cmf, Vnfm, run
from json_door import REQUESTS, V1, door_of


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a TPM that tpm2-tools can reach."""
    directory = tmp_path_factory.mktemp("desk")
    software = tpm.Tpm(directory)
    software.esapi.close()
    software.tcti.close()
    yield directory, {**os.environ, "TPM2TOOLS_TCTI": f"swtpm:host=127.0.0.1,port={software.port}"}
    software.process.terminate()
    software.process.wait(60)
    software.log.close()


def commands():
    """Of the first block of "Step by step", each with the lines that it goes on in."""
    section = (ROOT / "docs/attestation.md").read_text().split("### Step by step")[1]
    block = re.search("```\n(.*?)```", section, re.S).group(1).replace("\\\n", " ")
    return [line for line in block.splitlines() if line.startswith("tpm2_")]


def test_step_by_step(desk):
    directory, environment = desk
    for command in commands():
        # swtpm has no resource manager.
        done = subprocess.run(f"{command} && tpm2_flushcontext -t", shell=True, cwd=directory, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}"
    cmf = Cmf(directory / "cmf").serve_tls()
    for key, value in (("attestation", "require"), ("attestation_nonce", "require"),
                       ("attestation_statements", "2.23.133.20.1")):
        cmf.set("profile VnfciCert", key, value)
    cmf.start()
    try:
        door = door_of(Vnfm(cmf, "vnfm-a", directory / "vnfm"))
        cmf.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--subject-id", "vnfci-1",
                "--attester-key", directory / "ak.pem", "--statement", "2.23.133.20.1")

        def request():
            nonce = door.post(V1 + "/nonces", {}).doc["nonce"]
            return run(["/usr/bin/python3", ROOT / "docs/examples/tpm_attest.py", "0x81000010", "0x81010002",
                        tpm.nonce_octets(nonce).hex(), "vnfci-1"], env=environment, stderr=None).stdout

        def ask(csr):
            return door.post(REQUESTS, {"certType": "VNFCI_CERT", "vnfcId": "vnfci-1", "certChainRequest": False, "csr": csr})

        csr = request()
        answer = ask(csr)
        assert answer.status == 201 and answer.doc["attestation"]["verdict"] == "verified", answer
        # Another key than the registered attester's has said nothing.
        run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", directory / "other.key"])
        run(["openssl", "pkey", "-in", directory / "other.key", "-pubout", "-out", directory / "other.pem"])
        cmf.ctl("registration", "update", "--cert-type", "VnfciCert", "--attester-key", directory / "other.pem",
                "--statement", "2.23.133.20.1", "vnfci-1")
        answer = ask(request())
        assert answer.status == 422 and answer.doc["reason"].startswith("attestation_"), answer
    finally:
        cmf.stop()
