"""Authorizers of a REST API. LocalStack's free edition neither creates nor calls them, and does not report who signed a
request; this does. It does not cache the answers of authorizers. Of a signature it checks only that the key is known."""

import json

from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.runtime import hooks
from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
)

from . import keys, policy

# Names of properties in CloudFormation, and in the API.
API_NAMES = {
    "RestApiId": "restApiId",
    "Name": "name",
    "Type": "type",
    "AuthorizerUri": "authorizerUri",
    "IdentitySource": "identitySource",
    "IdentityValidationExpression": "identityValidationExpression",
    "AuthorizerCredentials": "authorizerCredentials",
}


@hooks.on_infra_start()
def register_authorizer() -> None:
    from localstack.services.apigateway.next_gen.execute_api import handlers

    handlers.preprocess_request.append(authorize)


def authorize(chain, context, response) -> None:
    """Handles a request to a REST API: raises the error that the gateway answers, or sets the caller in the context."""
    from localstack.services.apigateway.next_gen.execute_api import gateway_response as errors

    kind, headers = context.resource_method.get("authorizationType"), context.invocation_request["headers"]
    if kind == "AWS_IAM":
        key = policy.read_access_key(headers)
        if key is None:
            raise errors.MissingAuthTokenError("Missing Authentication Token")
        if not keys.is_issued(key):
            raise errors.InvalidSignatureError("The security token included in the request is invalid.")
        set_caller(context.context_variables["identity"], key)
    elif kind == "CUSTOM":
        authorizer = context.deployment.rest_api.authorizers[context.resource_method["authorizerId"]]
        token = policy.read_token(authorizer, headers)
        if token is None:
            raise errors.UnauthorizedError("Unauthorized")
        context.context_variables["authorizer"] = authorize_token(context, authorizer, token)


def set_caller(identity: dict, key: str) -> None:
    """Sets the root user of the access key's account as the caller: signatures are not checked."""
    account = get_account_id_from_access_key_id(key)
    identity |= {"accessKey": key, "accountId": account, "caller": account, "user": account}
    identity["userArn"] = f"arn:aws:iam::{account}:root"


def authorize_token(context, authorizer: dict, token: str) -> dict:
    """Calls the authorizer with the token and returns its context of the caller. Raises what the gateway answers
    if the authorizer denies."""
    from localstack.services.apigateway.next_gen.execute_api import gateway_response as errors

    request = context.invocation_request
    arn = (
        f"arn:aws:execute-api:{context.region}:{context.account_id}:{context.api_id}"
        f"/{context.stage}/{request['http_method']}{request['path']}"
    )
    answer = invoke_authorizer(authorizer, arn, {"type": "TOKEN", "authorizationToken": token, "methodArn": arn})
    if answer.get("errorMessage") == "Unauthorized":
        raise errors.UnauthorizedError("Unauthorized")
    if "policyDocument" not in answer:
        raise errors.AuthorizerConfigurationError()
    if not policy.allows_method(answer["policyDocument"], arn):
        raise errors.AccessDeniedError("User is not authorized to access this resource")
    return policy.caller_context(answer)


def invoke_authorizer(authorizer: dict, arn: str, event: dict) -> dict:
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
        properties = {API_NAMES[name]: value for name, value in model.items() if name in API_NAMES}
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
