package metric

import "time"

// What Lambda asks in us-east-1, as infra/bill has it; a test there holds the two equal.
const (
	InvocationDollars = 0.20 / 1e6   // each
	ARMDollars        = 0.0000133334 // a GB-second on arm64
	X86Dollars        = 0.0000166667 // a GB-second on amd64
	DiskDollars       = 0.0000000309 // a GB-second of /tmp above 512 MB
)

const freeDisk = 512 // MiB

// FunctionSize is what of a function is paid for.
type FunctionSize struct {
	Memory int // MiB
	Disk   int // MiB of /tmp
	ARM    bool
}

// InvocationCost returns the dollars of one invocation that lasted d: list prices, by the millisecond begun. What else a request
// or a message costs, in queues, rows and objects, is not in it.
func (f FunctionSize) InvocationCost(d time.Duration) float64 {
	gb := X86Dollars
	if f.ARM {
		gb = ARMDollars
	}
	billed := ((d + time.Millisecond - 1) / time.Millisecond * time.Millisecond).Seconds()
	disk := float64(max(0, f.Disk-freeDisk)) / 1024
	return InvocationDollars + billed*(float64(f.Memory)/1024*gb+disk*DiskDollars)
}
