package metric

import "time"

// Lambda's list prices in us-east-1 (https://aws.amazon.com/lambda/pricing/). A test in infra/costmodel compares them with
// the prices there.
const (
	InvocationDollars = 0.20 / 1e6   // an invocation
	ARMDollars        = 0.0000133334 // a GB-second on arm64
	X86Dollars        = 0.0000166667 // a GB-second on amd64
	DiskDollars       = 0.0000000309 // a GB-second of /tmp above 512 MB
)

const freeDisk = 512 // MiB of /tmp that cost nothing

// FunctionSize is what the price of a Lambda function depends on.
type FunctionSize struct {
	Memory int // MiB
	Disk   int // MiB of /tmp
	ARM    bool
}

// InvocationCost returns the price of one invocation of the given duration in dollars, at list prices and by the
// millisecond begun. It does not include the queues, rows and objects that the invocation uses.
func (f FunctionSize) InvocationCost(d time.Duration) float64 {
	gb := X86Dollars
	if f.ARM {
		gb = ARMDollars
	}
	billed := ((d + time.Millisecond - 1) / time.Millisecond * time.Millisecond).Seconds()
	disk := float64(max(0, f.Disk-freeDisk)) / 1024
	return InvocationDollars + billed*(float64(f.Memory)/1024*gb+disk*DiskDollars)
}
