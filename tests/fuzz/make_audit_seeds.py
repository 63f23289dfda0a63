#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seeds of fuzz_audit_file anew: what a cmfd writes of one audit, in each way that it has. CMFD_BUILD is where it was built.
The store key is KEY of the target; it is told how many lines the audit has then, and the newest place of each chain, for WRITTEN there."""
import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "interop")]
from conftest import Cmf, Vnfm, wait_for  # noqa: E402

CORPUS = HERE / "corpus" / "audit_file"


def put(name, lines):
    (CORPUS / name).write_text("".join(line + "\n" for line in lines))


def main(directory):
    CORPUS.mkdir(exist_ok=True)
    cmf = Cmf(directory / "cmf")
    (cmf.dir / "store.key").write_text(bytes(range(32)).hex() + "\n")
    (cmf.dir / "heads").mkdir()
    cmf.set("audit", "file", "audit.jsonl")
    cmf.set("audit", "heads", "heads")
    cmf.start()
    Vnfm(cmf, "vnfm-a", directory)
    cmf.register("vnfm-a", "one", "two")
    # One that is as a version before chains, and before text was UTF-8, wrote it.
    cmf.stop()
    with cmf.database("rw") as db:
        db.execute("INSERT INTO audit (id, time_ms, actor_kind, actor, action, target, chain, sequence)"
                   " VALUES (100, 1795424400000, 0, 'vnfm-a', 'x', CAST(? AS TEXT), 0, 0)", (b"/caf\xe9\xff",))
    cmf.start()
    cmf.register("vnfm-a", "three")
    whole = cmf.ctl("audit", "export").stdout.splitlines()
    wait_for("the file", lambda: '"three"' in (cmf.dir / "audit.jsonl").read_text())
    written = (cmf.dir / "audit.jsonl").read_text().splitlines()
    put("export", whole)
    put("since", cmf.ctl("audit", "export", "--since", "2026-01-01").stdout.splitlines())
    put("selected", cmf.ctl("audit", "export", "--action", "register").stdout.splitlines())
    put("file", written)
    put("heads", [text.strip() for file in sorted((cmf.dir / "heads").glob("*.json")) for text in [file.read_text()]])
    # As after a crash, and where retention was faster than a disk that was full.
    put("twice", written[:4] + written[2:])
    gap = {"gap": True, "time": "2026-11-29T00:00:00Z", "after_id": json.loads(written[2])["id"],
           "before_id": json.loads(written[5])["id"], "lines": 2, "why": "retention"}
    put("gap", written[:3] + [json.dumps(gap)] + written[5:])
    # And from under an export.
    of_1 = [json.loads(line) for line in whole if json.loads(line)["chain"] == 1]
    begin = {"begin": True} | {m: of_1[5][m] for m in ("chain", "sequence", "hash")}
    gap |= {"after_id": of_1[2]["id"], "before_id": of_1[6]["id"]}
    put("removed", [json.dumps(o) for o in of_1[:3] + [gap, begin] + of_1[6:]])
    put("before", [json.dumps({k: v for k, v in json.loads(line).items() if k != "time_ms"}) for line in whole[:4]])
    cmf.stop()
    lines = [json.loads(line) for line in whole]
    print(sum("action" in line for line in lines), "lines;", {line["chain"]: line["sequence"] for line in lines})


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(pathlib.Path(temporary))
