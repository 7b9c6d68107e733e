"""Who may call a method of a REST API. LocalStack's free edition neither makes authorizers nor asks them, and does not
say who signed a request. Answers of authorizers are not kept here, and signatures are not checked."""

import json

from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.runtime import hooks
from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
)

from . import policy

# Of CloudFormation's properties to the API's.
NAMES = {
    "RestApiId": "restApiId",
    "Name": "name",
    "Type": "type",
    "AuthorizerUri": "authorizerUri",
    "IdentitySource": "identitySource",
    "IdentityValidationExpression": "identityValidationExpression",
    "AuthorizerCredentials": "authorizerCredentials",
}


@hooks.on_infra_start()
def ask_authorizers() -> None:
    from localstack.services.apigateway.next_gen.execute_api import handlers

    handlers.preprocess_request.append(authorize)


def authorize(chain, context, response) -> None:
    """Handles a request to a REST API: raises what the gateway answers, or notes who calls."""
    from localstack.services.apigateway.next_gen.execute_api import gateway_response as errors

    kind, headers = context.resource_method.get("authorizationType"), context.invocation_request["headers"]
    if kind == "AWS_IAM":
        key = policy.signer(headers)
        if key is None:
            raise errors.MissingAuthTokenError("Missing Authentication Token")
        identify(context.context_variables["identity"], key)
    elif kind == "CUSTOM":
        authorizer = context.deployment.rest_api.authorizers[context.resource_method["authorizerId"]]
        token = policy.token(authorizer, headers)
        if token is None:
            raise errors.UnauthorizedError("Unauthorized")
        context.context_variables["authorizer"] = admit(context, authorizer, token)


def identify(identity: dict, key: str) -> None:
    """Says that the root of the account that the access key stands for has signed."""
    account = get_account_id_from_access_key_id(key)
    identity |= {"accessKey": key, "accountId": account, "caller": account, "user": account}
    identity["userArn"] = f"arn:aws:iam::{account}:root"


def admit(context, authorizer: dict, token: str) -> dict:
    """Asks the authorizer about the token, and returns what it said of the caller."""
    from localstack.services.apigateway.next_gen.execute_api import gateway_response as errors

    request = context.invocation_request
    arn = (
        f"arn:aws:execute-api:{context.region}:{context.account_id}:{context.api_id}"
        f"/{context.stage}/{request['http_method']}{request['path']}"
    )
    answer = ask(authorizer, arn, {"type": "TOKEN", "authorizationToken": token, "methodArn": arn})
    if answer.get("errorMessage") == "Unauthorized":
        raise errors.UnauthorizedError("Unauthorized")
    if "policyDocument" not in answer:
        raise errors.AuthorizerConfigurationError()
    if not policy.allows(answer["policyDocument"], arn):
        raise errors.AccessDeniedError("User is not authorized to access this resource")
    return policy.context(answer)


def ask(authorizer: dict, arn: str, event: dict) -> dict:
    from localstack.services.apigateway.next_gen.execute_api.integrations.aws import RestApiAwsProxyIntegration

    function = authorizer["authorizerUri"].split("/functions/")[1].split("/invocations")[0]
    answer = RestApiAwsProxyIntegration.call_lambda(
        function, json.dumps(event).encode(), arn, authorizer.get("authorizerCredentials")
    )
    return json.loads(answer or b"{}") or {}


class AuthorizerResource(ResourceProvider):
    """AWS::ApiGateway::Authorizer in a template."""

    TYPE = "AWS::ApiGateway::Authorizer"
    SCHEMA = {"primaryIdentifier": ["/properties/AuthorizerId"], "createOnlyProperties": ["/properties/RestApiId"]}

    def create(self, request) -> ProgressEvent:
        model = request.desired_state
        properties = {NAMES[name]: value for name, value in model.items() if name in NAMES}
        model["AuthorizerId"] = request.aws_client_factory.apigateway.create_authorizer(**properties)["id"]
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)

    update = create

    def delete(self, request) -> ProgressEvent:
        model = request.desired_state
        request.aws_client_factory.apigateway.delete_authorizer(
            restApiId=model["RestApiId"], authorizerId=model["AuthorizerId"]
        )
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


class AuthorizerResourcePlugin(CloudFormationResourceProviderPlugin):
    name = AuthorizerResource.TYPE

    def load(self) -> None:
        self.factory = AuthorizerResource
