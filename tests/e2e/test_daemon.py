# SPDX-License-Identifier: Apache-2.0
"""cmfd as a service: notification, signals, limits that a reload changes, the admin socket."""

import os
import pathlib
import re
import resource
import signal
import socket
import stat

from conftest import BUILD, Cmf, about_a_file, run, wait_for


def notified(listener):
    return listener.recv(256).decode().splitlines()


def test_service_manager_is_told(tmp_path):
    """sd_notify(3): READY, RELOADING with MONOTONIC_USEC then READY, STOPPING."""
    path = tmp_path / "notify"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(path))
    listener.settimeout(30)
    cmf = Cmf(tmp_path / "cmf").start(NOTIFY_SOCKET=str(path))
    try:
        assert notified(listener) == ["READY=1"]
        cmf.process.send_signal(signal.SIGHUP)
        reloading = notified(listener)
        assert reloading[0] == "RELOADING=1"
        assert int(reloading[1].removeprefix("MONOTONIC_USEC=")) > 0
        assert notified(listener) == ["READY=1"]
    finally:
        assert cmf.stop() == 0
    assert notified(listener) == ["STOPPING=1"]


def test_sigint_and_sigterm_end_with_0_and_remove_the_socket(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    for sig in (signal.SIGINT, signal.SIGTERM):
        cmf.start()
        assert stat.S_IMODE(os.stat(cmf.dir / "cmfd.sock").st_mode) == 0o600
        assert cmf.stop(sig) == 0
        assert not (cmf.dir / "cmfd.sock").exists()


def test_socket_left_by_kill_is_taken_over_but_not_a_living_one(tmp_path):
    cmf = Cmf(tmp_path / "cmf").start()
    cmf.kill()
    assert (cmf.dir / "cmfd.sock").exists()
    cmf.start()
    other = Cmf(tmp_path / "other") # which would serve at the same places
    other.set("server", "listen", cmf.address)
    other.set("server", "admin_socket", cmf.dir / "cmfd.sock")
    try:
        result = run([BUILD / "cmfd", "--config", other.conf], check=False)
        assert result.returncode == 1
        assert "admin_socket" in result.stdout and "listen:" in result.stdout
        cmf.ctl("registration", "list")
    finally:
        assert cmf.stop() == 0


def test_idle_connections_do_not_delay_the_end(tmp_path):
    """drain_timeout is for requests under way, not for silent keep-alive connections."""
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("server", "drain_timeout", "1h")
    cmf.start()
    idle = [socket.create_connection(("127.0.0.1", cmf.port)) for _ in range(5)]
    idle[0].sendall(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
    assert idle[0].recv(64).startswith(b"HTTP/1.1 404")
    assert cmf.stop() == 0
    for client in idle:
        client.close()


def test_a_key_that_needs_a_restart_is_named(tmp_path):
    cmf = Cmf(tmp_path / "cmf").start()
    try:
        good = cmf.conf.read_text()
        cmf.set("server", "workers", "7")
        cmf.process.send_signal(signal.SIGHUP)
        wait_for("the refusal", lambda: "[server] workers: a change of this key needs a restart"
                 in cmf.log.read_text())
        cmf.conf.write_text(good)
        cmf.set("log", "format", "json")
        cmf.process.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: '"event":"reloaded"' in cmf.log.read_text())
    finally:
        assert cmf.stop() == 0


@about_a_file
def test_check_without_database(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    (cmf.dir / "cmf.db").unlink()
    result = run([BUILD / "cmfd", "--config", cmf.conf, "--check"], check=False)
    assert result.returncode == 1
    assert "[store] database" in result.stdout and "cmfctl init" in result.stdout


def test_no_core_dump_and_keys_stay_in_memory(cmf):
    proc = pathlib.Path(f"/proc/{cmf.process.pid}")
    assert re.search(r"Max core file size +0 +0 ", (proc / "limits").read_text())
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    locked = int(re.search(r"VmLck:\s+(\d+) kB", (proc / "status").read_text()).group(1))
    assert locked >= 4096 or resource.RLIM_INFINITY != soft < 5 << 20
