# SPDX-License-Identifier: Apache-2.0
"""What makes a service of cmfd: the Debian package's data, the unit, the user. Building and installing it: tests/install."""
import re
import shutil

import pytest

from conftest import BUILD, ROOT, run


def build_dependencies():
    control = (ROOT / "debian/control").read_text().partition("Package: cmfd")[0]
    field = re.search(r"^Build-Depends:((?:.*\n)(?: .*\n)*)", control, re.M).group(1)
    return {re.match(r"\s*([a-z0-9.+-]+)", item).group(1) for item in re.split(r"[,|]", field)}


def test_the_package_has_the_version_and_the_libraries_of_the_program():
    version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text()).group(1)
    assert (ROOT / "debian/changelog").read_text().startswith(f"cmfd ({version}) ")
    packages = re.search(r"^packages=\(([^)]*)\)", (ROOT / "tools/install-deps").read_text(), re.M).group(1).split()
    libraries = {p for p in packages if p.endswith("-dev") and p != "libc6-dev"} | {"check", "meson"}
    assert len(libraries) > 8 and libraries <= build_dependencies()


def test_a_cmfd_without_configuration_says_how_to_make_one(tmp_path):
    """78 is EX_CONFIG of sysexits.h; the unit does not start it again then."""
    said = run([BUILD / "cmfd", "--config", tmp_path / "none.cnf"], check=False)
    assert said.returncode == 78 and "cmfctl init" in said.stdout and "none.cnf does not exist" in said.stdout
    (tmp_path / "bad.cnf").write_text("[server]\nno_such_key = 1\n")
    said = run([BUILD / "cmfd", "--config", tmp_path / "bad.cnf"], check=False)
    assert said.returncode == 78 and "no_such_key" in said.stdout
    unit = (BUILD / "conf/cmfd.service").read_text()
    assert re.search(r"^RestartPreventExitStatus=.*\b78\b", unit, re.M)


def test_unit_user_and_folders_agree(tmp_path):
    run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", tmp_path])
    assert len(list(tmp_path.rglob("cmfd.service"))) == 1
    unit, = tmp_path.rglob("lib/systemd/system/cmfd.service")
    text = unit.read_text()
    assert not re.search("@[A-Z]+@", text)
    for key in ("ExecStart", "ExecReload"):
        program = re.search(rf"^{key}=(\S+)", text, re.M).group(1)
        assert (tmp_path / program.lstrip("/")).exists(), program
    user = next(tmp_path.rglob("lib/sysusers.d/cmfd.conf")).read_text()
    folders = dict(line.split()[1:3] for line in next(tmp_path.rglob("lib/tmpfiles.d/cmfd.conf")).read_text().splitlines()
                   if line.startswith("d "))
    assert re.search(r"^u cmfd ", user, re.M) and re.search(r"^User=cmfd$", text, re.M)
    for folder, mode in folders.items():
        kind = {"/etc": "Configuration", "/var/lib": "State", "/run": "Runtime"}[folder.rpartition("/")[0]]
        assert re.search(rf"^{kind}Directory={folder.rpartition('/')[2]}$", text, re.M)
        assert re.search(rf"^{kind}DirectoryMode={mode}$", text, re.M)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
def test_systemd_understands_the_unit(tmp_path):
    text = (BUILD / "conf/cmfd.service").read_text()
    text = re.sub(r"^(Exec\w+=)\S+/", rf"\1{BUILD}/", text, flags=re.M)
    (tmp_path / "cmfd.service").write_text(text)
    said = run(["systemd-analyze", "verify", "--man=no", tmp_path / "cmfd.service"], check=False).stdout
    assert not re.findall(r"^.*cmfd\.service.*$", said, re.M), said
    rated = run(["systemd-analyze", "security", "--offline=true", "--threshold=25", tmp_path / "cmfd.service"], check=False)
    assert rated.returncode == 0, rated.stdout
