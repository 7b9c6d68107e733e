"""What LocalStack 4.14.0 needs to run Sluice on a machine without Docker.

- runtime, executor: a Lambda function is a process of this machine that speaks the Lambda Runtime API
- loopback: LocalStack and DynamoDB Local listen on 127.0.0.1 and nowhere else
- workers, authorizer, sampling: things that LocalStack's free edition takes in and does not do; what they
  do is ours, and proves nothing of LocalStack

There is no sandbox: functions run as the user who started LocalStack.
"""
