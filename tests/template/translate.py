"""Writes template.yaml as CloudFormation gets it, for scanners that know CloudFormation alone: `translate.py FILE`.

SAM's own translator does it, with each parameter at its default, and without a call to AWS.
"""

import json
import sys

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from template import TEMPLATE


class NoManagedPolicies(ManagedPolicyLoader):
    """No role of the stack has a managed policy, so nobody need be asked for their ARNs."""

    def __init__(self):
        super().__init__(None)

    def load(self):
        return {}


def translated():
    """The template after SAM's transform."""
    # What `sam build` does to a local folder: the translator takes only what lies in S3.
    source = json.loads(json.dumps(TEMPLATE))
    for resource in source["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = "s3://bucket/package.zip"
    return transform(source, {}, NoManagedPolicies())


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(translated(), file, indent=1)
