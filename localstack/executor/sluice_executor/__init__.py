"""What LocalStack 4.14.0 needs to run Sluice on a machine without Docker.

- runtime, executor: run each Lambda function as a process of this machine that speaks the Lambda Runtime API
- loopback, crossorigin: keep LocalStack and DynamoDB Local on 127.0.0.1, and from pages of other sites; MiniStack uses
  crossorigin too
- keys: which access keys there are
- workers, authorizer, sampling: do what LocalStack's free edition accepts in a template but ignores; a test that
  depends on them says nothing about LocalStack
- recording, requestlog: keep the requests of functions for tests; MiniStack uses requestlog too

A function is started as the user who started LocalStack. What puts it into Lambda's conditions is the launcher in its
package (localstack/lambdaenv), of which nothing is known here.
"""
