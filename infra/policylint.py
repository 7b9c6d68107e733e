"""Checks every IAM policy of CloudFormation templates with parliament: policylint.py TEMPLATE...

A policy is the value of any property that has statements: of roles, queues, topics and buckets. A Lambda permission is
checked as the statement that Lambda makes of it. Findings of every severity count, also those of parliament's community
auditors, and so does an Allow for a service of AWS that names no source (the confused deputy,
https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).

The exit status is 1 if there is a finding that is not excepted below, an exception without a finding, or a bad
statement in which nothing is found.
"""

import json
import sys

from parliament import analyze_policy_string

# Findings that are no defects: the path of the policy in its resource, and the issue, with the reason.
EXCEPTIONS = {
    ("AssumeRolePolicyDocument", "CREDENTIALS_EXPOSURE"): "a trust policy allows sts:AssumeRole, nothing else",
}

# Statements in which an issue has to be found; if it is not, the check itself is broken.
BAD_STATEMENTS = {
    "UNKNOWN_ACTION": {"Action": "s3:GetObjekt", "Resource": "arn:aws:s3:::b/*"},
    "RESOURCE_MISMATCH": {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b"},
    "RESOURCE_STAR": {"Action": "sqs:SendMessage", "Resource": "*"},
    "PERMISSIONS_MANAGEMENT_ACTIONS": {"Action": "s3:PutBucketPolicy", "Resource": "arn:aws:s3:::b"},
    "CONFUSED_DEPUTY": {
        "Action": "sns:Publish",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Resource": "arn:aws:sns:us-east-1:111122223333:t",
    },
}

PSEUDO_PARAMETERS = {"AWS::Partition": "aws", "AWS::AccountId": "111122223333", "AWS::Region": "us-east-1"}

# ARNs of resources by type, before and after the name.
ARNS = {
    "AWS::CloudFront::KeyValueStore": ("arn:aws:cloudfront::111122223333:key-value-store/", ""),
    "AWS::DynamoDB::GlobalTable": ("arn:aws:dynamodb:us-east-1:111122223333:table/", ""),
    "AWS::DynamoDB::Table": ("arn:aws:dynamodb:us-east-1:111122223333:table/", ""),
    "AWS::Events::Rule": ("arn:aws:events:us-east-1:111122223333:rule/", ""),
    "AWS::IAM::Role": ("arn:aws:iam::111122223333:role/", ""),
    "AWS::KMS::Key": ("arn:aws:kms:us-east-1:111122223333:key/", ""),
    "AWS::Lambda::EventSourceMapping": ("arn:aws:lambda:us-east-1:111122223333:event-source-mapping:", ""),
    "AWS::Lambda::Function": ("arn:aws:lambda:us-east-1:111122223333:function:", ""),
    "AWS::Logs::LogGroup": ("arn:aws:logs:us-east-1:111122223333:log-group:", ":*"),
    "AWS::S3::Bucket": ("arn:aws:s3:::", ""),
    "AWS::SNS::Topic": ("arn:aws:sns:us-east-1:111122223333:", ""),
    "AWS::SQS::Queue": ("arn:aws:sqs:us-east-1:111122223333:", ""),
    "AWS::SecretsManager::Secret": ("arn:aws:secretsmanager:us-east-1:111122223333:secret:", "-AbCdEf"),
}

# Types of which Ref returns the ARN (their pages in the CloudFormation template reference, "Return values").
REF_IS_ARN = {"AWS::SNS::Topic", "AWS::SecretsManager::Secret"}


class Template:
    """The resources of a template, to resolve the references to them."""

    def __init__(self, resources):
        self.resources = resources

    def arn(self, name):
        """Returns an ARN such as CloudFormation would return for a resource; KeyError for a type without one."""
        before, after = ARNS[self.resources[name]["Type"]]
        return before + name + after

    def resolve(self, value):
        """Returns a value with an example in place of each reference."""
        match value:
            case {"Ref": name, **others} if not others:
                if self.resources.get(name, {}).get("Type") in REF_IS_ARN:
                    return self.arn(name)
                return PSEUDO_PARAMETERS.get(name, name)
            case {"Fn::GetAtt": [name, attribute], **others} if not others:
                # A role named in a policy is a principal by its ARN; every attribute here is an ARN.
                if not attribute.endswith("Arn"):
                    raise ValueError(f"{name}.{attribute}: not an ARN")
                return self.arn(name)
            case {"Fn::Join": [separator, parts], **others} if not others:
                return separator.join(self.resolve(parts))
            case dict():
                return {key: self.resolve(v) for key, v in value.items()}
            case list():
                return [self.resolve(v) for v in value]
        return value

    def policies(self):
        """Yields the id of a resource, the path of a policy in its properties, and the policy."""
        for name, resource in self.resources.items():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::Lambda::Permission":
                yield name, "Permission", self.resolve(permission_policy(properties))
            for path, policy in find_policies(properties):
                policy = self.resolve(policy)
                if path == "AssumeRolePolicyDocument":  # its resource is the role
                    for statement in policy["Statement"]:
                        statement["Resource"] = self.arn(name)
                yield name, path, policy


def permission_policy(properties):
    """Returns the policy of which Lambda makes a statement for AWS::Lambda::Permission."""
    statement = {
        "Effect": "Allow",
        "Action": properties["Action"],
        "Resource": properties["FunctionName"],
        "Principal": {"Service": properties["Principal"]},
    }
    if source := properties.get("SourceArn"):
        statement["Condition"] = {"ArnLike": {"AWS:SourceArn": source}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def find_policies(value, path=""):
    """Yields the paths of all objects with statements in a value, and the objects."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield path.lstrip("."), value
        else:
            for key, v in value.items():
                yield from find_policies(v, f"{path}.{key}")
    elif isinstance(value, list):
        for v in value:
            yield from find_policies(v, path)


def names_no_source(statement):
    """Reports whether a statement lets a service of AWS act for any account; trust policies of functions may."""
    keys = {key.lower() for condition in statement.get("Condition", {}).values() for key in condition}
    return (
        statement["Effect"] == "Allow"
        and "Service" in dict_or_empty(statement.get("Principal"))
        and statement["Action"] != "sts:AssumeRole"
        and not keys & {"aws:sourcearn", "aws:sourceaccount"}
    )


def dict_or_empty(value):
    """Returns a dict as it is, and {} for anything else."""
    return value if isinstance(value, dict) else {}


def find_issues(policy):
    """Returns the findings in a policy, each as its issue and its details."""
    analyzed = analyze_policy_string(json.dumps(policy), include_community_auditors=True)
    found = [(f.issue, f"{f.detail} {f.location}") for f in analyzed.findings]
    return found + [("CONFUSED_DEPUTY", json.dumps(s)) for s in policy["Statement"] if names_no_source(s)]


def main(files):
    bad, used, count = [], set(), 0
    for issue, statement in BAD_STATEMENTS.items():
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]}
        if issue not in dict(find_issues(policy)):
            bad.append(f"{issue} is not found in {statement}")
    for file in files:
        with open(file, encoding="utf-8") as f:
            template = Template(json.load(f)["Resources"])
        for name, path, policy in template.policies():
            count += 1
            for issue, detail in find_issues(policy):
                if (path, issue) in EXCEPTIONS:
                    used.add((path, issue))
                else:
                    bad.append(f"{file}: {name}.{path}: {issue}: {detail}")
    bad += [f"{path}: {issue} is excepted, but there is no such finding" for path, issue in EXCEPTIONS.keys() - used]
    print(*bad, sep="\n", end="\n" if bad else "")
    print(f"{count} policies, {len(bad)} findings")
    return 1 if bad or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
