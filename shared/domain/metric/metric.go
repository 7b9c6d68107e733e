// Package metric defines the CloudWatch metrics that Sluice sends: names, units, dimensions and values. Package
// shared/platform/telemetry/metrics writes them into log lines. It is pure and needs no AWS rights.
//
// CloudWatch charges for each name, with each value of its dimension, in each hour in which it is sent (docs/cost.md).
// Therefore there are few metrics; tenants and videos are never dimensions; what SQS, Lambda and API Gateway count
// themselves is not counted again; and a service that has nothing to do sends nothing.
package metric

// Namespace is the CloudWatch namespace of all metrics.
const Namespace = "Sluice"

// Units, by their CloudWatch names.
const (
	Milliseconds = "Milliseconds"
	Count        = "Count"
	None         = "None"
)

// Dimensions.
const (
	Queue = "Queue" // name of an SQS queue, as in the namespace AWS/SQS
	Code  = "Code"  // error code: one of errs.Codes

	Sandbox = "sandbox" // set of sandbox layers around ffmpeg: full or lambda; also a member of the log line
)

// Metric is one metric.
type Metric struct {
	Name        string
	Unit        string
	Dimension   string // name of its dimension; "": none
	AlsoTotal   bool   // it is also sent without its dimension, over all values
	Description string // for people: on the dashboard and in docs
}

// Metrics of messages.
var (
	WaitTime     = Metric{Name: "Wait", Unit: Milliseconds, Dimension: Queue, Description: "how long a message was in its queue when it was first taken up"}
	WorkTime     = Metric{Name: "Work", Unit: Milliseconds, Dimension: Queue, Description: "how long a message took that was handled; their number is its SampleCount"}
	Retries      = Metric{Name: "Retried", Unit: Count, Dimension: Queue, Description: "attempts that failed and are made again"}
	DeadLettered = Metric{Name: "Dead", Unit: Count, Dimension: Queue, Description: "messages that their consumer gave up"}
	Duplicates   = Metric{Name: "Duplicate", Unit: Count, Dimension: Queue, Description: "messages that were handled and changed nothing: they came twice, or too late"}
)

// Metrics of videos.
var (
	InspectTime  = Metric{Name: "InspectTime", Unit: Milliseconds, Description: "a video's time from uploaded to inspected"}
	EncodeTime   = Metric{Name: "EncodeTime", Unit: Milliseconds, Description: "from inspected to encoded"}
	PublishTime  = Metric{Name: "PublishTime", Unit: Milliseconds, Description: "from encoded to ready"}
	PlayableTime = Metric{Name: "PlayableTime", Unit: Milliseconds, Description: "from uploaded to playable"}
	ReadyTime    = Metric{Name: "ReadyTime", Unit: Milliseconds, Description: "from uploaded to ready; the number of videos that got ready is its SampleCount"}
	Failed       = Metric{Name: "Failed", Unit: Count, Dimension: Code, AlsoTotal: true, Description: "videos that failed"}
)

// Metrics of the whole system.
var (
	Wanted      = Metric{Name: "Wanted", Unit: Count, Dimension: Queue, Description: "workers that would keep the promise of a queue"}
	Ceiling     = Metric{Name: "Ceiling", Unit: Count, Dimension: Queue, Description: "workers that it may have"}
	DeadLetters = Metric{Name: "DeadLetters", Unit: Count, Description: "dead letters that nobody has decided about"}
	Stuck       = Metric{Name: "Stuck", Unit: Count, Description: "videos whose deadline passed long ago without anything coming of it"}
	Dollars     = Metric{Name: "Dollars", Unit: None, Description: "what Lambda asks for an invocation; its Sum over an hour is dollars an hour"}
	Errors      = Metric{Name: "Errors", Unit: Count, Description: "invocations that ended in an error, a crash or their timeout; counted by Lambda's own lines in the logs"}

	SandboxStarts = Metric{Name: "SandboxStart", Unit: Count, Dimension: Sandbox, Description: "processes of functions that run ffmpeg, by their set of sandbox layers"}
)

// All lists every metric.
var All = []Metric{
	WaitTime, WorkTime, Retries, DeadLettered, Duplicates,
	InspectTime, EncodeTime, PublishTime, PlayableTime, ReadyTime, Failed,
	Wanted, Ceiling, DeadLetters, Stuck, Dollars, Errors, SandboxStarts,
}
