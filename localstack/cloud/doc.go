// Package cloud sets up, starts, stops and fills the local cloud: an AWS emulator, MiniStack or
// LocalStack, that needs no Docker and no account here, into which the same CDK app is deployed
// as into AWS. The environment variable CLOUD says which; both may run at once.
//
// Everything it makes lies under the repository's build folder (the caches of Go, pip, npm and
// jsii aside):
//
//	build/venv       MiniStack, from localstack/requirements.txt
//	build/venv-localstack, build/dynamodb  LocalStack and its DynamoDB, from localstack/executor
//	build/node       the CDK command line and prettier, from localstack/package-lock.json
//	build/tools      ffmpeg and ffprobe; build/footage: real videos with sound
//	build/layer      the Lambda layer with ffmpeg, one folder for each architecture
//	build/cloud, build/cloud-localstack  the running cloud: its state, logs, temporary files, outputs
//
// The cloud checks every call against the policies of its caller: a function has the rights of its
// role and no others. Clients with the key `test`, as in Env, are the account's root user.
//
// After a deployment it reads the template and sets what the emulator's CloudFormation left out, and
// only then writes the outputs that clients look for.
//
// It refuses what it cannot do well: a system other than Linux (functions are Linux processes),
// a port that something else holds, a package whose hash is not in the pins, an address other
// than loopback. It never uses the AWS credentials or settings of the person who runs it, but
// for a token for an API that SLUICE_API names.
package cloud
