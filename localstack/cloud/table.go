package cloud

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// tableProperties are the properties of AWS::DynamoDB::Table that emulators ignore.
type tableProperties struct {
	TimeToLiveSpecification          *types.TimeToLiveSpecification
	PointInTimeRecoverySpecification *types.PointInTimeRecoverySpecification
	SSESpecification                 *struct{ SSEEnabled *bool }
}

type tableAPI struct{ *dynamodb.Client }

func (t tableAPI) applyProperties(ctx context.Context, name string, properties json.RawMessage) error {
	var p tableProperties
	if err := json.Unmarshal(properties, &p); err != nil {
		return err
	}
	if err := t.setExpiry(ctx, name, p.TimeToLiveSpecification); err != nil {
		return err
	}
	if p.PointInTimeRecoverySpecification != nil {
		_, err := t.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
			TableName: &name, PointInTimeRecoverySpecification: p.PointInTimeRecoverySpecification,
		})
		if err != nil {
			return err
		}
	}
	if p.SSESpecification == nil || !aws.ToBool(p.SSESpecification.SSEEnabled) {
		return nil // AWS's own key is the default, and LocalStack fails when it is set
	}
	_, err := t.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: &name, SSESpecification: &types.SSESpecification{Enabled: p.SSESpecification.SSEEnabled},
	})
	return err
}

// setExpiry sets the attribute by which rows expire, unless it is set: DynamoDB refuses to enable it twice.
func (t tableAPI) setExpiry(ctx context.Context, name string, by *types.TimeToLiveSpecification) error {
	if by == nil {
		return nil
	}
	now, err := t.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	if err != nil {
		return err
	}
	if d := now.TimeToLiveDescription; d != nil && aws.ToString(d.AttributeName) == aws.ToString(by.AttributeName) &&
		d.TimeToLiveStatus == types.TimeToLiveStatusEnabled {
		return nil
	}
	_, err = t.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: &name, TimeToLiveSpecification: by})
	return err
}
