# SPDX-License-Identifier: Apache-2.0
"""What tests of direct mode do with a cmfd that follows a simulated VNFM (lcm_vnfm.py)."""
import re

from conftest import wait_for


def follow(server, manager, **keys):
    """A [vnfm sim] section for that VNFM."""
    keys = {"api_root": manager.root, "trust_domain": "operator-a", "profile": "VnfciCert",
            "callback_uri": f"{server.url}/lcm/sim", "callback_user": "vnfm",
            "callback_password_file": "sim.pass", "initial_credential": "secret",
            "initial_credential_dir": "lcm-secrets", "resync_interval": "1h", **keys}
    (server.dir / "sim.pass").write_text("a-password-of-the-test\n")
    keys = {k: v for k, v in keys.items() if v is not None}
    with open(server.conf, "a") as conf:
        conf.write("\n[vnfm sim]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()))


def gauge(server, name):
    found = re.search(rf'^{name}{{vnfm="sim"[^}}]*}} (\d+)$', server.metrics(), re.M)
    return found and int(found[1])


def settled(server):
    """All that was notified has been looked at, and all VNFs at the start."""
    wait_for("a resync", lambda: gauge(server, "cmfd_vnfm_resync_age_seconds") is not None)
    wait_for("all VNFs being looked at", lambda: gauge(server, "cmfd_vnfm_vnfs_waiting") == 0)


def registered(server, vnf):
    """What has not ended of a VNF, and is not on its way there."""
    return sorted(r["subject_id"] for r in server.ctl_json("registration", "list")
                  if r.get("vnf_instance_id") == vnf and r.get("state", "active") == "active")


def becomes(server, vnf, *vnfcs):
    wait_for(f"{vnf} having {vnfcs}", lambda: registered(server, vnf) == sorted(vnfcs))
