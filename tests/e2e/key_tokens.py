# SPDX-License-Identifier: Apache-2.0
"""Keys that are in no file: a SoftHSM token behind OpenSSL's engine pkcs11, and a software TPM behind the provider tpm2."""
import pathlib
import shutil
import socket
import subprocess

import pytest

from conftest import OPENSSL, run, wait_for

PIN = "73914268"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"


def needs(*paths):
    for path in paths:
        if not shutil.which(path) and not pathlib.Path(path).exists():
            pytest.skip(f"{path} is not installed")


def library(name):
    """A module of OpenSSL, below the folder of its libraries."""
    found = sorted(pathlib.Path("/usr/lib").glob(f"*/{name}"))
    if not found:
        pytest.skip(f"{name} is not installed")
    return found[0]


class SoftHsm:
    def __init__(self, directory):
        needs("softhsm2-util", "pkcs11-tool", MODULE)
        library("engines-3/pkcs11.so")
        (directory / "tokens").mkdir()
        configuration = directory / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {directory}/tokens\n")
        self.environment = {"SOFTHSM2_CONF": str(configuration), "PKCS11_MODULE_PATH": MODULE}
        self.pin = directory / "pin"
        self.pin.write_text(PIN + "\n")
        self.pin.chmod(0o600)
        self.count = 0
        self.run("softhsm2-util", "--init-token", "--free", "--label", "cmf", "--pin", PIN, "--so-pin", "9999")

    def run(self, *command):
        return run(command, env={**self.environment, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})

    def key(self, name, kind="EC:prime256v1"):
        """A new key; the source by which cmfd finds it. Its two halves belong together by their id."""
        self.count += 1
        self.run("pkcs11-tool", "--module", MODULE, "--login", "--pin", PIN, "--token-label", "cmf", "--keypairgen",
                 "--key-type", kind, "--label", name, "--id", f"{self.count:02d}")
        return f"engine:pkcs11:pkcs11:token=cmf;object={name};type=private"

    def request(self, source, name, out):
        """A PKCS#10 that the key signs."""
        key = source.removeprefix("engine:pkcs11:")
        self.run(OPENSSL, "req", "-engine", "pkcs11", "-keyform", "engine", "-key", key, "-passin", f"file:{self.pin}",
                 "-new", "-subj", name, "-out", out)


class TpmKeys:
    """Of a TPM that has no resource manager: it holds three objects at a time, those at persistent handles apart."""

    def __init__(self, directory):
        from tpm import two_ports
        needs("swtpm", "tpm2_createprimary")
        library("ossl-modules/tpm2.so")
        self.directory, port = directory, two_ports()
        (directory / "tpm").mkdir()
        tcti = f"swtpm:host=127.0.0.1,port={port}"
        self.environment = {"TPM2OPENSSL_TCTI": tcti}
        self.tools = {"TPM2TOOLS_TCTI": tcti, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self.environment}
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={directory / 'tpm'}", "--flags", "not-need-init,startup-clear",
             "--server", f"type=tcp,port={port},bindaddr=127.0.0.1", "--ctrl", f"type=tcp,port={port + 1},bindaddr=127.0.0.1"])
        wait_for("swtpm listening", lambda: socket.socket().connect_ex(("127.0.0.1", port + 1)) == 0)
        self.next_handle = 0x81000001
        self.parent = self.persistent("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", "object.ctx")

    def run(self, *command):
        return run(command, env=self.tools, cwd=self.directory)

    def persistent(self, *command):
        self.run(*command)
        handle, self.next_handle = hex(self.next_handle), self.next_handle + 1
        self.run("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "object.ctx", handle)
        self.run("tpm2_flushcontext", "-t")
        return handle

    def key(self):
        """At a persistent handle."""
        self.run("tpm2_create", "-Q", "-C", self.parent, "-G", "ecc", "-u", "object.pub", "-r", "object.priv")
        self.run("tpm2_flushcontext", "-t")
        return "provider:tpm2:handle:" + self.persistent(
            "tpm2_load", "-Q", "-C", self.parent, "-u", "object.pub", "-r", "object.priv", "-c", "object.ctx")

    def key_file(self, path):
        """In a file that only this TPM can use."""
        self.run(OPENSSL, "genpkey", *self.provider(), "-algorithm", "EC", "-pkeyopt", "group:P-256", "-out", path)
        return f"provider:tpm2:{path}"

    @staticmethod
    def provider():
        return ["-provider", "tpm2", "-provider", "default", "-propquery", "?provider=tpm2"]

    def request(self, source, name, out):
        self.run(OPENSSL, "req", *self.provider(), "-new", "-key", source.removeprefix("provider:tpm2:"), "-subj", name,
                 "-out", out)

    def end(self):
        self.process.terminate()
        self.process.wait()
