package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbudgets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newBudget makes the budget of the setting monthly_budget, for all costs of the account: AWS knows those of one stack
// only where its tags are activated for billing. It notifies the topic when the costs of a month are forecast to exceed
// the budget, and when they do. AWS updates its figures some three times a day, so a budget stops nothing
// (https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html). Not yet run on an
// account.
func newBudget(scope constructs.Construct, set settings, topic awssns.Topic) {
	stack := awscdk.Stack_Of(scope)
	// https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
	topic.AddToResourcePolicy(allowAWSService(stack, "budgets.amazonaws.com", "budgets::"+*stack.Account()+":*",
		"sns:Publish", topic.TopicArn()))
	var notices []any
	for _, kind := range []string{"FORECASTED", "ACTUAL"} {
		notices = append(notices, &awsbudgets.CfnBudget_NotificationWithSubscribersProperty{
			Notification: &awsbudgets.CfnBudget_NotificationProperty{
				NotificationType: jsii.String(kind), ComparisonOperator: jsii.String("GREATER_THAN"),
				Threshold: jsii.Number(100), ThresholdType: jsii.String("PERCENTAGE"),
			},
			Subscribers: &[]any{&awsbudgets.CfnBudget_SubscriberProperty{
				SubscriptionType: jsii.String("SNS"), Address: topic.TopicArn(),
			}},
		})
	}
	budget := awsbudgets.NewCfnBudget(scope, jsii.String("Budget"), &awsbudgets.CfnBudgetProps{
		Budget: &awsbudgets.CfnBudget_BudgetDataProperty{
			BudgetType: jsii.String("COST"), TimeUnit: jsii.String("MONTHLY"),
			BudgetLimit: &awsbudgets.CfnBudget_SpendProperty{
				Amount: jsii.Number(set.monthlyBudget), Unit: jsii.String("USD"),
			},
		},
		NotificationsWithSubscribers: &notices,
	})
	// Budgets sends a test message when it is created.
	budget.Node().AddDependency(topic.Node().FindChild(jsii.String("Policy")))
}
