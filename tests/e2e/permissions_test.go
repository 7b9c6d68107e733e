//go:build integration

package e2e

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	rows "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"sluice/shared/domain/services"
	"sluice/shared/platform/blob"
	"sluice/tests/clouds"
)

// permissionCheck is a call that only some services are allowed to make. It has no effect when it is allowed: it names
// something that does not exist, or lacks an argument that is checked after the permission.
type permissionCheck struct {
	name    string
	call    func(aws.Config) error
	allowed func(services.Service) bool
}

// TestPromise10_RolesHaveExactlyThePermissionsOfTheServiceMap makes calls with the deployed role of each service. So it
// checks what the policies allow, and not their text.
func TestPromise10_RolesHaveExactlyThePermissionsOfTheServiceMap(t *testing.T) {
	clouds.RequireCapabilities(t, clouds.IAMPolicies)
	t.Parallel()
	d := openDeployment(t)
	attempts := slices.Concat(d.tableChecks(t), d.objectChecks(t), d.queueChecks(t), d.invokeChecks(t))
	for _, s := range services.Map {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			cfg := d.assumeServiceRole(t, s.Name)
			allowed := 0
			for _, a := range attempts {
				err := a.call(cfg)
				if got := !isDenied(err); got != a.allowed(s) {
					t.Errorf("%s: allowed is %v, and in the map %v: %v", a.name, got, a.allowed(s), err)
				}
				if a.allowed(s) {
					allowed++
				}
			}
			if allowed == 0 && s.Permissions != nil || allowed == len(attempts) {
				t.Errorf("%d of %d attempts are allowed, so this proves little", allowed, len(attempts))
			}
		})
	}
}

// isDenied reports whether the cloud denied permission. The emulator can close the connection before the whole reason
// has arrived.
func isDenied(err error) bool {
	var e smithy.APIError
	if !errors.As(err, &e) {
		var answer *smithyhttp.ResponseError
		return errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusForbidden
	}
	return strings.HasPrefix(e.ErrorCode(), "AccessDenied") || e.ErrorCode() == "AuthorizationError" ||
		e.ErrorCode() == "Forbidden"
}

// assumeServiceRole returns the configuration for clients with the role of a service's function.
func (d deployment) assumeServiceRole(t *testing.T, service string) aws.Config {
	t.Helper()
	out, err := sts.NewFromConfig(d.aws).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String(d.functionRole(t, service)), RoleSessionName: aws.String("test"),
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := d.aws.Copy()
	c := out.Credentials
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	cfg.RetryMaxAttempts = 1
	return cfg
}

// functionRole returns the ARN of the role of a service's function.
func (d deployment) functionRole(t *testing.T, service string) string {
	t.Helper()
	var function struct{ Role string }
	d.callLambda(t, http.MethodGet, "functions/sluice-"+service+"/configuration", nil, &function)
	if function.Role == "" {
		t.Fatalf("%s has no role", service)
	}
	return function.Role
}

// hasPermission reports whether the service map grants a service one of the actions on a resource.
func hasPermission(s services.Service, on services.Resource, only string, actions ...services.Action) bool {
	return slices.ContainsFunc(s.Permissions, func(r services.Permission) bool {
		return r.Resource == on && slices.Contains(actions, r.Action) && slices.Contains(r.Only, only)
	})
}

// hasPermissionOnAll reports whether the service map grants a service an action on any resource.
func hasPermissionOnAll(s services.Service, action services.Action) bool {
	return slices.ContainsFunc(s.Permissions, func(r services.Permission) bool { return r.Action == action })
}

func (d deployment) tableChecks(t *testing.T) (all []permissionCheck) {
	table := aws.String(d.stackOutput(t, "TableName"))
	for _, kind := range []string{
		services.TenantRows, services.TokenRows, services.VideoRows, services.UploadRows, services.ProducerRows,
		services.DeadLetterRows, services.InFlightLimitRows, services.ScalingRows, services.DenyListRows,
		"OTHER",
	} {
		key := map[string]rows.AttributeValue{
			"pk": &rows.AttributeValueMemberS{Value: kind + "#nobody"},
			"sk": &rows.AttributeValueMemberS{Value: "nothing"},
		}
		all = append(all, permissionCheck{"get a row of " + kind, func(cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).GetItem(
				t.Context(), &dynamodb.GetItemInput{TableName: table, Key: key},
			)
			return err
		}, func(s services.Service) bool {
			return hasPermission(s, services.Table, kind, services.GetRows, services.ReadRows)
		}})
		all = append(all, permissionCheck{"put a row of " + kind, func(cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: table, Item: key, ConditionExpression: aws.String("attribute_exists(pk)"),
			})
			return err
		}, func(s services.Service) bool {
			return hasPermission(s, services.Table, kind, services.PutRows, services.WriteRows)
		}})
		all = append(all, permissionCheck{"delete a row of " + kind, func(cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{
				RequestItems: map[string][]rows.WriteRequest{*table: {{DeleteRequest: &rows.DeleteRequest{Key: key}}}},
			})
			return err
		}, func(s services.Service) bool { return hasPermission(s, services.Table, kind, services.DeleteRows) }})
	}
	return all
}

func (d deployment) objectChecks(t *testing.T) (all []permissionCheck) {
	for on, name := range map[services.Resource]string{
		services.SourceBucket: "SourceBucket", services.MediaBucket: "MediaBucket",
	} {
		bucket := aws.String(d.stackOutput(t, name))
		for _, prefix := range []string{services.SourcePrefix, services.MediaPrefix, "other/"} {
			key := aws.String(prefix + "nobody/nothing")
			all = append(all, permissionCheck{"get " + prefix + " of " + name, func(cfg aws.Config) error {
				_, err := blob.NewClient(cfg, true).GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
				return err
			}, func(s services.Service) bool { return hasPermission(s, on, prefix, services.ReadObjects) }})
			all = append(all, permissionCheck{"put " + prefix + " of " + name, func(cfg aws.Config) error {
				_, err := blob.NewClient(cfg, true).PutObject(
					t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key, IfMatch: aws.String("none")},
				)
				return err
			}, func(s services.Service) bool {
				return hasPermission(s, on, prefix, services.WriteObjects, services.UploadObjects)
			}})
			all = append(all, permissionCheck{"delete " + prefix + " of " + name, func(cfg aws.Config) error {
				_, err := blob.NewClient(cfg, true).DeleteObject(
					t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: key},
				)
				return err
			}, func(s services.Service) bool { return hasPermission(s, on, prefix, services.DeleteObjects) }})
		}
	}
	return all
}

func (d deployment) queueChecks(t *testing.T) (all []permissionCheck) {
	empty := aws.String("") // invalid for the queue, after the permission check
	for _, to := range services.ListQueues() {
		for _, out := range []string{"Inbox", "Dead"} {
			name := out + outputName(to.Name)
			if out == "Dead" {
				name = out + outputName(to.Service)
			}
			all = append(all, permissionCheck{"send to " + name, func(cfg aws.Config) error {
				_, err := sqs.NewFromConfig(cfg).SendMessage(
					t.Context(),
					&sqs.SendMessageInput{QueueUrl: aws.String(d.stackOutput(t, name)), MessageBody: empty},
				)
				return cmp.Or(err, errors.New("an empty message was taken"))
			}, func(s services.Service) bool {
				return out == "Inbox" && (slices.Contains(s.Destinations(), to.Service) ||
					hasPermissionOnAll(s, services.RedriveMessages)) || out == "Dead" && s.Name == to.Service
			}})
			all = append(all, permissionCheck{"delete from " + name, func(cfg aws.Config) error {
				_, err := sqs.NewFromConfig(cfg).DeleteMessage(
					t.Context(),
					&sqs.DeleteMessageInput{
						QueueUrl: aws.String(d.stackOutput(t, name)), ReceiptHandle: aws.String("none"),
					},
				)
				return err
			}, func(s services.Service) bool {
				return out == "Inbox" && s.Name == to.Service ||
					out == "Dead" && hasPermissionOnAll(s, services.DrainMessages)
			}})
		}
	}
	return append(all, permissionCheck{"publish to the topic", func(cfg aws.Config) error {
		_, err := sns.NewFromConfig(cfg).Publish(
			t.Context(), &sns.PublishInput{TopicArn: aws.String(d.stackOutput(t, "TopicArn")), Message: empty},
		)
		return cmp.Or(err, errors.New("an empty message was taken"))
	}, func(s services.Service) bool { return slices.Contains(s.Destinations(), services.Topic) }})
}

// invokeChecks invoke functions as dry runs.
func (d deployment) invokeChecks(t *testing.T) (all []permissionCheck) {
	for _, to := range services.Map {
		all = append(all, permissionCheck{"call " + to.Name, func(cfg aws.Config) error {
			_, err := lambda.NewFromConfig(cfg).Invoke(t.Context(), &lambda.InvokeInput{
				FunctionName: aws.String("sluice-" + to.Name), InvocationType: lambdatypes.InvocationTypeDryRun,
			})
			return err
		}, func(s services.Service) bool {
			return hasPermission(s, services.Functions, to.Name, services.InvokeFunction)
		}})
	}
	return all
}
