# SPDX-License-Identifier: Apache-2.0
"""Completion of command lines, in the real shells: every command and option that --help tells, and no other."""
import json
import os
import pty
import re
import select
import shutil
import time

import pytest

from conftest import BUILD, PATIENCE, ROOT, run

CTL = BUILD / "cmfctl"
BASH = ROOT / "completion/cmfctl.bash-completion"


def complete(*words):
    """What cmfctl says may follow: candidates, and what they are."""
    lines = run([CTL, "--complete", *words]).stdout.splitlines()
    return dict(line.partition("\t")[::2] for line in lines)


def commands():
    """Every command, as --help lists them."""
    listed = run([CTL, "--help"]).stdout.partition("Commands (each has --help):")[2].partition("Exit codes")[0]
    return [found.split() for found in re.findall(r"^ *(\S+(?: \S+)*)  +\S", listed, re.M)]


def options(*command):
    """The options that --help of a command lists, but for those that are about itself."""
    text = run([CTL, *command, "--help"]).stdout
    return set(re.findall(r"(?:^ {2,6}|, )(--[a-z0-9-]+)", text, re.M)) - {"--usage", "--version"}


def test_every_command_is_completed():
    assert len(commands()) > 35
    for words in commands():
        for n, word in enumerate(words):
            assert word in complete(*words[:n], ""), words
            assert word in complete(*words[:n], word[:2]), words
    assert set(complete("")) == {words[0] for words in commands()}
    assert list(complete("no-such-thing")) == []


@pytest.mark.parametrize("words", commands() if CTL.exists() else [], ids=" ".join)
def test_every_option_is_completed(words):
    assert set(complete(*words, "--")) == options(*words)
    assert set(complete(*words, "--he")) == {"--help"}


@pytest.mark.parametrize("word", ["register", "request", "renew", "revoke", "list", "watch"])
def test_those_of_a_vnf_manager(word):
    before = ["--server", "https://cmf.example"]
    assert word in complete(*before, "")
    said = run([CTL, *before, "--token-file", "/dev/null", word, "--help"], check=False)
    text = said.stdout if said.returncode == 0 else None
    offered = set(complete(*before, word, "--"))
    assert {"--config", "--help"} <= offered and (text is None or offered == set(
        re.findall(r"(?:^ {2,6}|, )(--[a-z0-9-]+)", text, re.M)) - {"--usage", "--version"})


def test_arguments_of_options():
    assert list(complete("init", "--dir", "")) == [":directory"]
    assert list(complete("--config", "")) == [":file"] and list(complete("-c", "")) == [":file"]
    assert list(complete("explain", "")) == [":file"]
    assert set(complete("register", "--cert-type", "V")) == {"VnfciCert", "VnfOAMCert"}
    assert set(complete("client", "update", "x", "--register-on-ir", "")) == {"yes", "no"}
    assert complete("client", "add", "x", "--trust-domain", "") == {}
    # Options before the command, with and without arguments of their own.
    assert "list" in complete("--config", "x", "--json", "certificate", "l")
    assert "list" in complete("--config=x", "certificate", "l")


def test_names(cmf):
    """Of the configuration, and of clients where cmfd runs; nothing is said where neither can be had."""
    for name in ("vnfm-a", "vnfm-b", "nfvo"):
        cmf.ctl("client", "add", name, "--trust-domain", "d", "--mac", "--ref", name)
    with open(cmf.conf, "a", encoding="utf-8") as conf:
        conf.write("\n[client_policy strict]\n[trust_domain east]\n")

    def offered(*words):
        return complete("--config", cmf.conf, *words)
    assert offered("register", "--requester", "vnfm-") == {"vnfm-a": "d", "vnfm-b": "d"}
    assert set(offered("register", "--requester", "x", "--ca", "")) == {"issuing"}
    assert set(offered("registration", "update", "--from-ca", "iss")) == {"issuing"}
    assert set(offered("registration", "update", "--profile", "Vnf")) == {"VnfciCert", "VnfOAMCert"}
    assert "strict" in offered("client", "add", "x", "--policy", "")
    assert "east" in offered("client", "add", "x", "--trust-domain", "")
    assert set(offered("client", "remove", "n")) == {"nfvo"}
    assert set(complete("client", "credential", "list", "--config", cmf.conf, "")) == {"vnfm-a", "vnfm-b", "nfvo"}
    assert "vnfm-a" not in offered("client", "credential", "remove", "vnfm-a", "")
    assert set(offered("ca", "renew", "")) == {"issuing"}
    assert offered("vnfm", "show", "") == {}
    cmf.stop()
    assert offered("register", "--requester", "") == {} and set(offered("ca", "show", "")) == {"issuing"}
    for config in ("/nowhere/cmf.cnf", "/dev/null"):
        assert complete("--config", config, "register", "--ca", "") == {}
        assert complete("--config", config, "client", "remove", "") == {}


def test_in_bash(tmp_path):
    """As bash itself calls the function."""
    def offered(*words, program="cmfctl", function="_cmfctl"):
        script = (f'source "{BASH}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); {function}; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        return run(["bash", "-c", script, "bash", BUILD / program, *words], cwd=tmp_path).stdout.split()
    (tmp_path / "a.cnf").write_text("")
    (tmp_path / "folder").mkdir()
    assert offered("certificate", "re") == ["revoke"]
    assert set(offered("certificate", "revoke", "--re")) == {o for o in options("certificate", "revoke") if o.startswith("--re")}
    assert set(offered("--config", "")) == {"a.cnf", "folder"}
    assert offered("init", "--dir", "") == ["folder"]
    assert {"--check", "--config", "--print-config"} <= set(offered("--", program="cmfd", function="_cmfd_options"))
    assert set(offered("--config", "", program="cmfd", function="_cmfd_options")) == {"a.cnf", "folder"}
    listed = run(["bash", "-c", f'source "{BASH}"; complete -p cmfctl cmfd cmfbench']).stdout
    assert listed.count("complete -F") == 3


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
def test_in_zsh(tmp_path):
    """As somebody types it: a terminal, and the key for completion."""
    shutil.copy(ROOT / "completion/cmfctl.zsh-completion", tmp_path / "_cmfctl")
    (tmp_path / ".zshrc").write_text(f"PATH={BUILD}:$PATH; fpath=({tmp_path} $fpath); PS1='ready> '\n"
                                     "autoload -U compinit; compinit -u -D; unsetopt beep zle_bracketed_paste\n")
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(ZDOTDIR=str(tmp_path), TERM="dumb")
        os.execvp("zsh", ["zsh", "-i"])

    def shown(wanted, octets=b""):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not re.search(wanted, octets):
            if select.select([terminal], [], [], 0.1)[0]:
                octets += os.read(terminal, 65536)
        assert re.search(wanted, octets), octets.decode(errors="replace")

    try:
        shown(b"ready> ")
        os.write(terminal, b"cmfctl certificate rev\t")
        shown(b"certificate revoke ")
        os.write(terminal, b"--reas\t")
        shown(b"--reason ")
        os.write(terminal, b"\x15cmfctl client cred\t\t")
        shown(rb"add a credential to a client")
    finally:
        os.write(terminal, b"\x03\x15exit\n")
        os.close(terminal)
        os.waitpid(pid, 0)


def test_they_are_installed(tmp_path):
    """Under the names by which the shells find them."""
    run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", tmp_path])
    options_ = json.loads(run(["meson", "introspect", BUILD, "--buildoptions"]).stdout)
    share = tmp_path / next(o["value"] for o in options_ if o["name"] == "prefix").lstrip("/") / "share"
    for name in ("cmfctl", "cmfd", "cmfbench"):
        assert (share / "bash-completion/completions" / name).read_text() == BASH.read_text()
    assert (share / "zsh/site-functions/_cmfctl").read_text().startswith("#compdef cmfctl cmfd cmfbench\n")
