package services

import (
	"slices"
	"strings"
	"time"
)

// Service is one Lambda function.
type Service struct {
	Name        string        // folder under functions/, and prefix of its resources
	Commands    []Command     // what it carries out for clients and producers; Routes and Inbox have their doors
	Routes      []Route       // routes of the API gateway that invoke it
	Inbox       *Inbox        // queue that invokes it; nil: none
	Interval    time.Duration // of the schedule that invokes it; 0: none
	Emits       []string      // event types that it sends; sending any other type fails, and is not granted
	Permissions []Permission  // beside sending what it emits and receiving from its queues
	Memory      int           // MiB; at most 3008, the limit of new accounts
	Disk        int           // MiB of /tmp; 512 if zero
	Timeout     time.Duration // at most 29 s with routes, at most 3 min with an inbox, but for remux
	Layer       string        // Lambda layer: "ffmpeg" or none
}

// MaxRemuxTime is the longest that Lambda lets a function run
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const MaxRemuxTime = 15 * time.Minute

// Names of services with a special role: Authorizer checks the tokens of AuthToken routes, and Studio has the page that
// uploads, so it gets the upload address for its content security policy.
const (
	Authorizer = "authorize"
	Studio     = "studio"
)

// Lookup returns the service with a name. ok is false if there is none.
func Lookup(name string) (s Service, ok bool) {
	for _, s := range Map {
		if s.Name == name {
			return s, true
		}
	}
	return Service{}, false
}

// Auth says who may call a route.
type Auth string

// The kinds of authentication of a route.
const (
	AuthOpen  Auth = "open"  // none: the path itself is the authorization, or nothing is secret
	AuthToken Auth = "token" // a tenant's token, checked by the authorizer
	AuthIAM   Auth = "iam"   // AWS signature of an IAM principal of the account, for operators
)

// Route is one method on one path of the API gateway.
type Route struct {
	Method string
	Path   string // in API Gateway's syntax: /v1/videos/{id}; {file+} matches the rest
	Auth   Auth
	Scope  string // scope that the token needs; "": none
}

// MediaPath is the beginning of the paths of media, which a CDN serves where there is one.
const MediaPath = "/p/"

// GatewayRoutes returns the routes that the API gateway has: with a CDN, those of media are not among them, so that
// nobody reaches media past the CDN.
func (s Service) GatewayRoutes(cdn bool) []Route {
	return slices.DeleteFunc(slices.Clone(s.Routes), func(r Route) bool {
		return cdn && strings.HasPrefix(r.Path, MediaPath)
	})
}

// BrowserPaths returns the paths that browsers may call with a token, each once. Browsers send OPTIONS requests to
// them first (CORS).
func (s Service) BrowserPaths() (paths []string) {
	for _, r := range s.Routes {
		if r.Auth == AuthToken && !slices.Contains(paths, r.Path) {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

// Inbox is what a service consumes: a queue, or a queue for each lane. It has one dead-letter queue, whatever the
// number of lanes: the message says where it belongs, and reconcile has one queue less to read each minute.
type Inbox struct {
	EventTypes   []string       // event types that it receives; facts come from the topic
	Lanes        []LaneSettings // none: one interactive queue
	FIFO         bool           // messages of a video one at a time and in order: the message group is the video
	FairShare    bool           // the message group is the tenant, and senders keep an in-flight limit
	BatchSize    int            // messages per invocation
	FixedWorkers int            // fixed maximum of concurrent invocations of a queue; 0: the scaling law decides
	ServiceTime  time.Duration  // typical time to process a message, until it is measured; 0: a second
	MaxAttempts  int            // deliveries (receive count) before a message becomes a dead letter
	MaxWait      time.Duration  // how long a message may wait; an alarm reports longer waits
}

// MaxReceiveCount returns the number of deliveries after which SQS itself moves a message to the dead-letter queue:
// one more than MaxAttempts, so that the consumer can report that the attempts are exhausted when its function crashed
// in each.
func (i Inbox) MaxReceiveCount() int { return i.MaxAttempts + 1 }

// SubscribedTypes returns the facts among EventTypes. The queue is subscribed to the topic for these.
func (i Inbox) SubscribedTypes() (facts []string) {
	for _, t := range i.EventTypes {
		if isFact(t) {
			facts = append(facts, t)
		}
	}
	return facts
}

// VisibilityTimeout returns the visibility timeout of the service's queues: six times the timeout of the function, as
// AWS recommends (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
func (s Service) VisibilityTimeout() time.Duration { return 6 * s.Timeout }
