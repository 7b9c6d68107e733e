// Package cloud sets up, starts, stops and fills the local cloud: an AWS emulator, MiniStack or LocalStack, that needs
// neither Docker nor an account. The CDK app that is deployed to AWS is deployed to it too. The environment variable
// CLOUD chooses the emulator; both may run at once.
//
// All its files are in the repository's build folder, except the caches of Go, pip, npm and jsii:
//
//	build/venv       MiniStack, from localstack/requirements.txt
//	build/venv-localstack, build/dynamodb  LocalStack and its DynamoDB, from localstack/executor
//	build/node       the CDK command line and prettier, from localstack/package-lock.json
//	build/tools      ffmpeg and ffprobe; build/footage: real videos with sound
//	build/botocore   AWS's service models, which tests check requests against
//	build/layer      the Lambda layer with ffmpeg, one folder for each architecture
//	build/cloud, build/cloud-localstack  the running cloud: its state, logs, temporary files, outputs
//
// The cloud checks every call against the policies of its caller, so that a function has the permissions of its role
// and no others. Clients with the key that Up makes for each cloud, as in Env, are the account's root user. A request
// that a page of another site could have sent is refused before the emulator sees it.
//
// After a deployment the package sets the properties in the template that the emulator's CloudFormation ignores. Only
// then does it write the outputs that clients read.
//
// It refuses a system other than Linux (functions are Linux processes), a port that is in use, a package whose hash is
// not pinned, and an address other than loopback. It ignores the AWS credentials and settings of the person who runs
// it, except for a token for the API that SLUICE_API names.
package cloud
