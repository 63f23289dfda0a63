# SPDX-License-Identifier: Apache-2.0
"""The Grafana dashboard and the Prometheus rules in conf/: what they name is on /metrics, and promtool takes them."""
import json
import re
import shutil

import pytest
import yaml
from conftest import ROOT, run, wait_for

RULES = ROOT / "conf/prometheus/cmfd-alerts.yml"
RULES_TEST = ROOT / "tests/promtool/cmfd-alerts.test.yml"
DASHBOARD = ROOT / "conf/grafana/cmfd.json"
METRIC = re.compile(r"\b(?:cmfd|process)_[a-z_]+\b")
SELECTOR = re.compile(r"\b((?:cmfd|process)_[a-z_]+)\{([^}]*)\}")


def alert_expressions():
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def panel_expressions():
    return [t["expr"] for p in json.loads(DASHBOARD.read_text())["panels"] for t in p["targets"]]


@pytest.fixture(scope="module")
def served(shared):
    """Names on /metrics, and the labels that each has; a VNFM that nobody answers for has its own."""
    shared.stop()
    text = shared.conf.read_text()
    shared.conf.write_text(text + "\n[vnfm monitored]\napi_root = http://127.0.0.1:9\ntrust_domain = vnfs\n"
                           "profile = VnfciCert\ncallback_user = u\ncallback_password_file = monitored.pass\n"
                           f"callback_uri = http://127.0.0.1:{shared.port}/monitored\n"
                           "\n[ca elsewhere]\ntype = upstream\nserver_url = http://127.0.0.1:9/cmp\ncertificate = ca/issuing.pem\n"
                           "chain = ca/root.pem\ntrusted = ca/root.pem\nrecipient = /CN=cmf\nexpect_sender = /CN=cmf\n"
                           "ra_certificate = cmf.pem\nra_key = cmf.key\n")
    (shared.dir / "monitored.pass").write_text("0123456789abcdef\n")
    shared.start()
    # What is of jobs is there when this node has them.
    wait_for("metrics of jobs", lambda: {"cmfd_crl_next_update_timestamp_seconds", "cmfd_vnfm_subscribed"}
             <= set(re.findall(r"^[a-z_]+", shared.metrics(), re.M)))
    metrics = shared.metrics()
    shared.stop()
    shared.conf.write_text(text)
    shared.start()
    labels = {}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)", metrics, re.M):
        for end in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            labels.setdefault(name + end, set())
    for name, found in re.findall(r"^([a-z_]+)(?:\{(.*)\})? \S+$", metrics, re.M):
        labels.setdefault(name, set()).update(re.findall(r'([a-z_]+)="', found))
    return labels


def test_names_are_on_metrics(served):
    expressions = [*alert_expressions().values(), *panel_expressions()]
    named = {name for e in expressions for name in METRIC.findall(e)}
    assert len(named) > 25 and named - served.keys() == set()
    # Of what has a sample here, the labels that are asked for are its own, or Prometheus's.
    for expression in expressions:
        for name, selectors in SELECTOR.findall(expression):
            asked = set(re.findall(r"([a-z_]+)=", selectors)) - {"instance", "job"}
            assert not served[name] or asked <= served[name], expression


def test_every_alert_is_tested():
    """In the rules' own tests: once where it fires, and once where it does not."""
    tests = yaml.safe_load(RULES_TEST.read_text())["tests"]
    fires = {}
    for case in tests:
        for each in case["promql_expr_test"]:
            name = re.search('alertname="([A-Za-z]+)"', each["expr"])[1]
            fires.setdefault(name, set()).add(bool(each["exp_samples"]))
    assert fires == {name: {True, False} for name in alert_expressions()}


def promtool(*args):
    tool = shutil.which("promtool")
    if not tool:
        pytest.skip("no promtool: Debian's package prometheus has it")
    return run([tool, *args])


def test_promtool_takes_the_rules(tmp_path):
    for path in (RULES, RULES_TEST):
        shutil.copy(path, tmp_path)
    promtool("check", "rules", tmp_path / RULES.name)
    promtool("test", "rules", tmp_path / RULES_TEST.name)


def test_promtool_takes_the_expressions_of_the_dashboard(tmp_path):
    known = {"$__rate_interval": "5m", '"$instance"': '".*"'}
    rules = []
    for i, expression in enumerate(panel_expressions()):
        for variable, value in known.items():
            expression = expression.replace(variable, value)
        assert "$" not in expression
        rules.append({"record": f"panel:{i}", "expr": expression})
    path = tmp_path / "dashboard.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", path)


def test_dashboard_is_one_that_grafana_imports():
    """Panels have numbers of their own, do not overlap, and ask the data source that the reader chooses."""
    dashboard = json.loads(DASHBOARD.read_text())
    assert {v["name"] for v in dashboard["templating"]["list"]} == {"datasource", "instance"}
    assert dashboard["uid"] and dashboard["title"] and dashboard["schemaVersion"] >= 36
    panels = dashboard["panels"]
    assert len({p["id"] for p in panels}) == len(panels)
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        assert panel["datasource"]["uid"] == "${datasource}" and at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
