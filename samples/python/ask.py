"""Ask Countersign before doing something, with Python's standard library alone.

    COUNTERSIGN_URL=http://127.0.0.1:7070 COUNTERSIGN_TOKEN=... python3 ask.py restart_service billing

The target is 'sdk', one with 'gate: api': it executes nothing, and gives permits to whoever asks.
"""

import json
import os
import sys
import urllib.error
import urllib.request

URL = os.environ["COUNTERSIGN_URL"].rstrip("/")
TOKEN = os.environ["COUNTERSIGN_TOKEN"]


class Refused(Exception):
    """The API answered with a problem; 'slug' is its name."""

    def __init__(self, problem):
        super().__init__(problem["detail"])
        self.slug = problem["type"].rsplit("/", 1)[-1]


def call(method, path, body=None, key=None):
    """One request to the API: the action it answers, or the problem as an exception."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=90) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise Refused(json.load(error)) from None


def with_permission(operation, arguments, do, reason=None):
    """Asks, waits for people, claims, runs 'do' with what was approved, and reports. Returns what 'do' returned."""
    body = {"target": "sdk", "operation": operation, "arguments": arguments, "reason": reason}
    action = call("POST", "/v1/actions", body)
    while action["state"] in ("pending", "executing"):
        print(f"waiting: {action['review']['url'] if action['review'] else action['id']}", file=sys.stderr)
        action = call("GET", f"/v1/actions/{action['id']}?wait=50")
    if action["state"] != "approved":
        reasons = " ".join(rule["reason"] or "" for rule in action["verdict"]["rules"])
        raise PermissionError(f"{action['state']}: {action['explanation'] or reasons}")

    # Only this answer is the permission, and only for the arguments in it: people may have changed them. With the
    # key, a claim that has to be repeated because its answer got lost is the same claim.
    claim = call("POST", f"/v1/actions/{action['id']}/claim", {"digest": action["digest"]}, key=os.urandom(16).hex())
    report = {"digest": claim["digest"], "claim": claim["permit"]["claim"]}
    try:
        result = do(**claim["arguments"])
        report |= {"state": "succeeded", "result": result}
        return result
    except KeyboardInterrupt:
        report |= {"state": "unknown", "error": "interrupted while it ran"}
        raise
    except Exception as error:
        report |= {"state": "failed", "error": str(error)[:4000]}
        raise
    finally:
        call("POST", f"/v1/actions/{action['id']}/outcome", report)


def act(name):
    if name == "broken":
        raise RuntimeError("it does not start any more")
    return f"{name}: done"


if __name__ == "__main__":
    try:
        print(with_permission(sys.argv[1], {"name": sys.argv[2]}, act, reason="An example asks."))
    except (PermissionError, Refused, RuntimeError) as refused:
        sys.exit(f"not done: {refused}")
