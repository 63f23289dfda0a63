# SPDX-License-Identifier: Apache-2.0
"""docs/upstream.md, "A second CMF", followed literally: two cmfds, the commands and the configuration of the page."""
import os
import re
import shlex
import shutil

import pytest
from conftest import BUILD, ROOT, Cmf, Vnfm, run


def blocks():
    """The indented blocks of the section, in their order."""
    section = (ROOT / "docs/upstream.md").read_text().split("## A second CMF\n")[1].split("\n## ")[0]
    return ["\n".join(line[4:] for line in block.strip("\n").splitlines())
            for block in re.findall(r"(?:^(?:    .*)?\n)+", section, re.M) if block.strip()]


@pytest.fixture
def houses(tmp_path):
    central, site = Cmf(tmp_path / "central"), Cmf(tmp_path / "site")
    yield central, site
    central.stop()
    site.stop()


def commands(cmf, text, cwd):
    """Runs them as the page has them, but for where the CMF is, and whose."""
    text = text.replace("/etc/cmfd/", f"{cmf.dir}/").replace(" cmfd: ", f" {os.getuid()}:{os.getgid()} ")
    for line in re.split(r"\n| && ", text):
        words = shlex.split(line)
        if words[0] == "cmfctl":
            words = [str(BUILD / "cmfctl"), "--config", str(cmf.conf), *words[1:]]
        run(words, cwd=cwd)


def test_the_page_as_it_stands(houses, tmp_path):
    central, site = houses
    credential, at_central, owner, conf, rules, at_site = blocks()
    commands(site, credential, tmp_path)
    central.start()
    commands(central, at_central, site.dir / "central")
    for name in ("root.pem", "issuing.pem"):
        shutil.copy(central.dir / "ca" / name, site.dir / "central")
    commands(site, owner, site.dir)
    conf = conf.replace("http://central.example.net:8080", central.url)
    site.conf.write_text(site.conf.read_text() + "\n" + conf + "\n")
    site.set("cmf", *[part.strip() for part in rules.split("=")])
    site.start()
    vnfm = Vnfm(site, "vnfm-a", tmp_path / "vnfm")
    commands(site, at_site, tmp_path)
    cert = tmp_path / "got.pem"
    run(vnfm.command("ir", "-newkey", vnfm.key(), "-subject", "/CN=vnfci-1", "-certout", cert, "-out_trusted",
                     central.root, path=".well-known/cmp/p/VnfciCert"))
    run(["openssl", "verify", "-CAfile", central.root, "-untrusted", central.dir / "ca/issuing.pem", cert])
    assert [c["state"] for c in central.certificates("vnfci-1")] == ["active"]
    assert [c["ca"] for c in site.certificates("vnfci-1")] == ["central"]
