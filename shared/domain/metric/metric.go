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
	WaitTime = Metric{
		Name: "Wait", Unit: Milliseconds, Dimension: Queue,
		Description: "time that a message waited in its queue until its first delivery",
	}
	WorkTime = Metric{
		Name: "Work", Unit: Milliseconds, Dimension: Queue,
		Description: "time to process a message; its SampleCount is the number of processed messages",
	}
	Retries = Metric{
		Name: "Retried", Unit: Count, Dimension: Queue, Description: "failed attempts that are retried",
	}
	DeadLettered = Metric{
		Name: "Dead", Unit: Count, Dimension: Queue, Description: "messages sent to the dead-letter queue",
	}
	Duplicates = Metric{
		Name: "Duplicate", Unit: Count, Dimension: Queue,
		Description: "messages that changed nothing, as they were duplicates or late",
	}
)

// Metrics of videos.
var (
	InspectTime = Metric{
		Name: "InspectTime", Unit: Milliseconds, Description: "time of a video from uploaded to inspected",
	}
	EncodeTime   = Metric{Name: "EncodeTime", Unit: Milliseconds, Description: "from inspected to encoded"}
	PublishTime  = Metric{Name: "PublishTime", Unit: Milliseconds, Description: "from encoded to ready"}
	PlayableTime = Metric{Name: "PlayableTime", Unit: Milliseconds, Description: "from uploaded to playable"}
	ReadyTime    = Metric{
		Name: "ReadyTime", Unit: Milliseconds,
		Description: "from uploaded to ready; its SampleCount is the number of videos that became ready",
	}
	Failed = Metric{Name: "Failed", Unit: Count, Dimension: Code, AlsoTotal: true, Description: "videos that failed"}
)

// Metrics of the whole system.
var (
	Wanted = Metric{
		Name: "Wanted", Unit: Count, Dimension: Queue,
		Description: "workers that a queue needs to keep its target wait",
	}
	Ceiling     = Metric{Name: "Ceiling", Unit: Count, Dimension: Queue, Description: "workers that a queue may have"}
	DeadLetters = Metric{
		Name: "DeadLetters", Unit: Count, Description: "dead letters that are neither redriven nor discarded",
	}
	Late = Metric{
		Name: "Late", Unit: None,
		Description: "age of a queue's oldest message as a share of its MaxWait; above 1 the message is late",
	}
	Stuck   = Metric{Name: "Stuck", Unit: Count, Description: "videos whose deadline passed more than 15 minutes ago"}
	Dollars = Metric{
		Name: "Dollars", Unit: None, Description: "price of an invocation; its Sum over an hour is dollars an hour",
	}
	Errors = Metric{
		Name: "Errors", Unit: Count,
		Description: "invocations that ended in an error, a crash or a timeout, counted from Lambda's own log lines",
	}

	WholeReads = Metric{
		Name: "WholeRead", Unit: Count, Description: "encode tasks that read all of an original",
	}
	SandboxStarts = Metric{
		Name: "SandboxStart", Unit: Count, Dimension: Sandbox,
		Description: "processes of functions that run ffmpeg, by their set of sandbox layers",
	}
)

// All lists every metric.
var All = []Metric{
	WaitTime, WorkTime, Retries, DeadLettered, Duplicates, InspectTime, EncodeTime, PublishTime, PlayableTime,
	ReadyTime, Failed, Wanted, Ceiling, DeadLetters, Late, Stuck, Dollars, Errors, WholeReads, SandboxStarts,
}
