package services

// Action is what a permission allows.
type Action string

// The actions. Which IAM actions an action stands for depends on the resource: see resources.
const (
	ReadObjects     Action = "read-objects"
	WriteObjects    Action = "write-objects"
	DeleteObjects   Action = "delete-objects" // list and delete objects
	UploadObjects   Action = "upload-objects" // create, sign, list and complete multipart uploads
	AbortUploads    Action = "abort-uploads"
	GetRows         Action = "get-rows"      // each by its key
	GetManyRows     Action = "get-many-rows" // several in one call
	QueryRows       Action = "query-rows"    // of a partition
	ReadRows        Action = "read-rows"     // GetRows and QueryRows
	UpdateRows      Action = "update-rows"   // attributes of rows
	PutRows         Action = "put-rows"      // whole rows
	WriteRows       Action = "write-rows"    // PutRows, and update attributes
	DeleteRows      Action = "delete-rows"
	QueryIndex      Action = "query-index"
	ReadSecret      Action = "read-secret"
	ReadQueueDepth  Action = "read-queue-depth" // read how many messages wait
	DrainMessages   Action = "drain-messages"   // receive and delete messages
	RedriveMessages Action = "redrive-messages" // send dead letters to their queue again
	ConnectOutbound Action = "connect-outbound" // to addresses that clients name: only package outbound does it
	ReadTraces      Action = "read-traces"
	ReadQueueAges   Action = "read-queue-ages"  // read the age of the oldest message
	Autoscale       Action = "autoscale"        // set how many workers a queue may have
	InvokeFunction  Action = "invoke-function"  // without waiting for the answer
	WriteDenyList   Action = "write-deny-list"  // the CDN's copy of it
	InvalidateMedia Action = "invalidate-media" // make the CDN forget media, and see whether it has
)

// Resource is what a permission is on. The three indexes of the table are resources too: ByTenant, ByExternal and
// ByDeadline.
type Resource string

// The resources.
const (
	Table                  Resource = "table"
	SourceBucket           Resource = "source-bucket"
	MediaBucket            Resource = "media-bucket"
	PlaybackKey            Resource = "playback-key"
	AllQueues              Resource = "queues"                // of every inbox
	AllDeadLetterQueues    Resource = "dead-letter-queues"    // of every inbox
	AllEventSourceMappings Resource = "event-source-mappings" // of every queue
	Functions              Resource = "functions"             // Permission.Only names their services
	ProducerBuckets        Resource = "producer-buckets"      // all of them, whoever owns them
	Internet               Resource = "internet"
	Traces                 Resource = "traces"
	Metrics                Resource = "metrics"          // of the whole account
	CDNStore               Resource = "cdn-store"        // the key value store; only with a CDN
	CDNDistribution        Resource = "cdn-distribution" // only with a CDN
)

// Permission allows one action on one resource.
type Permission struct {
	Action   Action
	Resource Resource
	Only     []string // prefixes of object keys, kinds of partition keys, or names of services; nil: the whole resource
}

// resource describes a Resource: the environment variables with which a function finds it, and the IAM actions that
// each action on it stands for.
type resource struct {
	env         func(only []string) []string // variables that must be set; nil: none
	optionalEnv []string                     // variables that some deployments leave unset
	iamActions  map[Action][]string
}

// resources has every resource that a permission can be on. Infra derives the roles and the environments of functions
// from it, and the functions check their environment against it.
//
// Clients upload parts to S3 themselves, on URLs that api has signed: S3 then asks whether api may put the object. A
// DynamoDB transaction needs the permissions of its items and no other. To a reader without s3:ListBucket, S3 answers
// 403 for an object that does not exist instead of 404, so readers have it.
var resources = map[Resource]resource{
	Table: {env: fixedEnv(EnvTable), iamActions: map[Action][]string{
		GetRows:     {"dynamodb:GetItem"},
		GetManyRows: {"dynamodb:BatchGetItem"},
		QueryRows:   {"dynamodb:Query"},
		ReadRows:    {"dynamodb:GetItem", "dynamodb:Query"},
		PutRows:     {"dynamodb:PutItem"},
		UpdateRows:  {"dynamodb:UpdateItem"},
		WriteRows:   {"dynamodb:PutItem", "dynamodb:UpdateItem"},
		DeleteRows:  {"dynamodb:BatchWriteItem", "dynamodb:Query"},
	}},
	ByTenant:     indexResource,
	ByExternal:   indexResource,
	ByDeadline:   indexResource,
	SourceBucket: bucketResource(EnvSourceBucket),
	MediaBucket:  bucketResource(EnvMediaBucket),
	PlaybackKey: {
		env: fixedEnv(EnvPlaybackKey), iamActions: map[Action][]string{ReadSecret: {"secretsmanager:GetSecretValue"}},
	},
	AllQueues: {env: queueEnv(EnvQueueURL), iamActions: map[Action][]string{
		ReadQueueDepth:  {"sqs:GetQueueAttributes"},
		RedriveMessages: {"sqs:SendMessage"},
	}},
	AllDeadLetterQueues: {env: deadLetterQueueEnv, iamActions: map[Action][]string{
		DrainMessages: {"sqs:DeleteMessage", "sqs:ReceiveMessage"},
	}},
	AllEventSourceMappings: {
		env: queueEnv(EnvEventSourceMapping, EnvConcurrency), optionalEnv: []string{EnvProvisionedQueues},
		iamActions: map[Action][]string{Autoscale: {"lambda:UpdateEventSourceMapping"}},
	},
	Functions: {env: functionEnv, iamActions: map[Action][]string{InvokeFunction: {"lambda:InvokeFunction"}}},
	ProducerBuckets: {
		optionalEnv: []string{EnvProducerBuckets},
		// the owner of a bucket may encrypt it with a key of its own
		iamActions: map[Action][]string{ReadObjects: {"kms:Decrypt", "s3:GetObject", "s3:ListBucket"}},
	},
	Internet: {optionalEnv: []string{EnvFetchCA}, iamActions: map[Action][]string{ConnectOutbound: {}}},
	Traces: {
		optionalEnv: []string{EnvXRayEndpoint},
		iamActions:  map[Action][]string{ReadTraces: {"xray:BatchGetTraces", "xray:GetTraceSummaries"}},
	},
	Metrics: {iamActions: map[Action][]string{ReadQueueAges: {"cloudwatch:GetMetricData"}}},
	CDNStore: {
		optionalEnv: []string{EnvCDNStore},
		iamActions: map[Action][]string{WriteDenyList: {
			"cloudfront-keyvaluestore:DescribeKeyValueStore", "cloudfront-keyvaluestore:UpdateKeys",
		}},
	},
	CDNDistribution: {
		optionalEnv: []string{EnvCDNDistribution},
		iamActions: map[Action][]string{InvalidateMedia: {
			"cloudfront:CreateInvalidation", "cloudfront:GetInvalidation",
		}},
	},
}

var indexResource = resource{env: fixedEnv(EnvTable), iamActions: map[Action][]string{QueryIndex: {"dynamodb:Query"}}}

// bucketResource describes a bucket whose name is in an environment variable.
func bucketResource(variable string) resource {
	return resource{
		env: fixedEnv(variable), optionalEnv: []string{EnvS3PathStyle},
		iamActions: map[Action][]string{
			ReadObjects:   {"s3:GetObject", "s3:ListBucket"},
			WriteObjects:  {"s3:PutObject"},
			UploadObjects: {"s3:ListMultipartUploadParts", "s3:PutObject"},
			DeleteObjects: {"s3:DeleteObject", "s3:ListBucket"},
			AbortUploads:  {"s3:AbortMultipartUpload"},
		},
	}
}

// IAMActions returns the IAM actions that the permission stands for, sorted; false if no such permission is defined.
func (p Permission) IAMActions() ([]string, bool) {
	actions, ok := resources[p.Resource].iamActions[p.Action]
	return actions, ok
}

func fixedEnv(names ...string) func([]string) []string {
	return func([]string) []string { return names }
}

// queueEnv returns the names of a variable for each queue of the map, and further names.
func queueEnv(name func(queue string) string, more ...string) func([]string) []string {
	return func([]string) (names []string) {
		for _, q := range ListQueues() {
			names = append(names, name(q.Name))
		}
		return append(names, more...)
	}
}

func deadLetterQueueEnv([]string) (names []string) {
	for _, s := range Map {
		if s.Inbox != nil {
			names = append(names, EnvDeadLetterQueueURL(s.Name))
		}
	}
	return names
}

func functionEnv(only []string) (names []string) {
	for _, service := range only {
		names = append(names, EnvFunctionName(service))
	}
	return names
}
