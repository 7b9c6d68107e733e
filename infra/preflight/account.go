package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
)

// bootstrapVersion is the parameter in which `cdk bootstrap` stores its version.
const bootstrapVersion = "/cdk-bootstrap/hnb659fds/version"

var (
	errCredentials = errors.New(
		"there are no AWS credentials that work here: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and " +
			"AWS_SECRET_ACCESS_KEY, or run `aws sso login`",
	)
	errRegion = errors.New("no AWS region is set: set AWS_REGION to where Sluice is to run, such as eu-west-1")
)

// readAccount reads the account of the caller's credentials. It returns an error without credentials or region. An
// error of another read is in the field of its value.
func readAccount(ctx context.Context) (account, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // its warnings are also in the errors
	if err != nil {
		return account{}, fmt.Errorf("%w\n(%w)", errCredentials, err)
	}
	if cfg.Region == "" {
		return account{}, errRegion
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return account{}, fmt.Errorf("%w\n(%s)", errCredentials, errorReason(err))
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return account{}, fmt.Errorf("AWS does not accept the credentials: %s", errorReason(err))
	}
	a := account{id: aws.ToString(who.Account), caller: aws.ToString(who.Arn), region: cfg.Region}
	parameters := ssm.NewFromConfig(cfg)
	a.missingServices, a.missingServicesErr = listMissingServices(ctx, parameters, a.region)
	a.bootstrap = readBootstrap(ctx, parameters)
	quotas := servicequotas.NewFromConfig(cfg)
	a.concurrency = readConcurrency(ctx, lambda.NewFromConfig(cfg))
	a.rate = readQuota(ctx, quotas, gatewayRate)
	a.logRole, a.logRoleErr = readLogRole(ctx, apigateway.NewFromConfig(cfg))
	a.distributions, a.distributionsErr = countDistributions(ctx, cloudfront.NewFromConfig(cfg))
	a.indexedSpans, a.indexedSpansErr = readIndexedSpans(ctx, xray.NewFromConfig(cfg))
	return a, nil
}

// countDistributions returns 1 if the account has a CloudFront distribution, else 0.
func countDistributions(ctx context.Context, c *cloudfront.Client) (int, error) {
	out, err := c.ListDistributions(ctx, &cloudfront.ListDistributionsInput{MaxItems: aws.Int32(1)})
	if err != nil {
		return 0, readError(err)
	}
	if out.DistributionList == nil {
		return 0, errors.New("AWS answered without a list")
	}
	return len(out.DistributionList.Items), nil
}

// listMissingServices returns which of requiredServices the region lacks:
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-global-infrastructure.html
func listMissingServices(ctx context.Context, c *ssm.Client, region string) ([]string, error) {
	prefix := "/aws/service/global-infrastructure/regions/" + region + "/services/"
	var names []string
	for _, s := range requiredServices {
		names = append(names, prefix+s)
	}
	out, err := c.GetParameters(ctx, &ssm.GetParametersInput{Names: names})
	if err != nil {
		return nil, readError(err)
	}
	var none []string
	for _, name := range out.InvalidParameters {
		none = append(none, strings.TrimPrefix(name, prefix))
	}
	return none, nil
}

func readBootstrap(ctx context.Context, c *ssm.Client) accountValue {
	out, err := c.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{bootstrapVersion}})
	if err != nil {
		return accountValue{err: readError(err)}
	}
	if len(out.Parameters) == 0 {
		return accountValue{}
	}
	version, err := strconv.Atoi(aws.ToString(out.Parameters[0].Value))
	return accountValue{version, err}
}

// readQuota returns the account's quota: its own value or, if it has none, AWS's default.
func readQuota(ctx context.Context, c *servicequotas.Client, q quota) accountValue {
	own, err := c.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &q.service, QuotaCode: &q.code})
	if err == nil {
		return quotaValue(own.Quota)
	}
	if none := (*types.NoSuchResourceException)(nil); !errors.As(err, &none) {
		return accountValue{err: readError(err)}
	}
	standard, err := c.GetAWSDefaultServiceQuota(ctx,
		&servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: &q.service, QuotaCode: &q.code})
	if err != nil {
		return accountValue{err: readError(err)}
	}
	return quotaValue(standard.Quota)
}

func quotaValue(q *types.ServiceQuota) accountValue {
	if q == nil || q.Value == nil {
		return accountValue{err: errors.New("AWS answered without a value")}
	}
	return accountValue{value: int(*q.Value)}
}

func readError(err error) error { return fmt.Errorf("it could not be read: %s", errorReason(err)) }

// errorReason returns the code and message of an AWS error without the errors that the SDK wraps it in.
func errorReason(err error) string {
	if refused := smithy.APIError(nil); errors.As(err, &refused) {
		return refused.ErrorCode() + ": " + refused.ErrorMessage()
	}
	return err.Error()
}
