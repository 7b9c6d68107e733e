// Package metrics says in numbers what Sluice does. A number is written into a line of the log, in CloudWatch's embedded
// metric format, and CloudWatch makes a metric of it: there is no call, and no right is needed beyond that to log.
//
// A line that counts is a line like any other: it has the request, the trace, the tenant and the video that With of
// package logs has put into its context, and timestamp and level, which Lambda wants of a line where the log format is
// JSON (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html). AWS says that Lambda
// leaves lines alone that are JSON, and that CloudWatch Logs finds the format in any log group; that both hold together
// for a runtime of the operating system alone, as ours is, it says nowhere, and nothing here has run on AWS yet. A log
// level above INFO silences most of the metrics too.
//
// Each name, with each value of its dimension, is a metric that is paid for in each hour in which it is sent
// (docs/cost.md). So there are few, tenants and videos are never dimensions, what SQS, Lambda and API Gateway count
// themselves is not counted again, and who has nothing to do writes nothing.
package metric

// Namespace is the one of all our metrics.
const Namespace = "Sluice"

// Units as CloudWatch names them.
const (
	Milliseconds = "Milliseconds"
	Count        = "Count"
	None         = "None"
)

// Dimensions.
const (
	Queue = "Queue" // the name of an inbox's queue, as AWS/SQS has it
	Code  = "Code"  // of a problem: those in docs/errors.md
)

// Metric is one kind of number.
type Metric struct {
	Name        string
	Unit        string
	Dimension   string // its dimension; "": none
	AlsoTotal   bool   // it is also sent without its dimension
	Description string // it says, for people
}

// Of messages.
var (
	WaitTime     = Metric{Name: "Wait", Unit: Milliseconds, Dimension: Queue, Description: "how long a message was in its queue when it was first taken up"}
	WorkTime     = Metric{Name: "Work", Unit: Milliseconds, Dimension: Queue, Description: "how long a message took that was handled; their number is its SampleCount"}
	Retries      = Metric{Name: "Retried", Unit: Count, Dimension: Queue, Description: "attempts that failed and are made again"}
	DeadLettered = Metric{Name: "Dead", Unit: Count, Dimension: Queue, Description: "messages that their consumer gave up"}
	Duplicates   = Metric{Name: "Duplicate", Unit: Count, Dimension: Queue, Description: "messages that were handled and changed nothing: they came twice, or too late"}
)

// Of videos.
var (
	InspectTime  = Metric{Name: "InspectTime", Unit: Milliseconds, Description: "a video's time from uploaded to inspected"}
	EncodeTime   = Metric{Name: "EncodeTime", Unit: Milliseconds, Description: "from inspected to encoded"}
	PublishTime  = Metric{Name: "PublishTime", Unit: Milliseconds, Description: "from encoded to ready"}
	PlayableTime = Metric{Name: "PlayableTime", Unit: Milliseconds, Description: "from uploaded to playable"}
	ReadyTime    = Metric{Name: "ReadyTime", Unit: Milliseconds, Description: "from uploaded to ready; the number of videos that got ready is its SampleCount"}
	Failed       = Metric{Name: "Failed", Unit: Count, Dimension: Code, AlsoTotal: true, Description: "videos that failed"}
)

// Of the whole.
var (
	Wanted      = Metric{Name: "Wanted", Unit: Count, Dimension: Queue, Description: "workers that would keep the promise of a queue"}
	Ceiling     = Metric{Name: "Ceiling", Unit: Count, Dimension: Queue, Description: "workers that it may have"}
	DeadLetters = Metric{Name: "DeadLetters", Unit: Count, Description: "dead letters that nobody has decided about"}
	Stuck       = Metric{Name: "Stuck", Unit: Count, Description: "videos whose deadline passed long ago without anything coming of it"}
	Dollars     = Metric{Name: "Dollars", Unit: None, Description: "what Lambda asks for an invocation; its Sum over an hour is dollars an hour"}
	Errors      = Metric{Name: "Errors", Unit: Count, Description: "invocations that ended in an error, a crash or their timeout; counted by Lambda's own lines in the logs"}
)

// All are all there are.
var All = []Metric{
	WaitTime, WorkTime, Retries, DeadLettered, Duplicates,
	InspectTime, EncodeTime, PublishTime, PlayableTime, ReadyTime, Failed,
	Wanted, Ceiling, DeadLetters, Stuck, Dollars, Errors,
}
