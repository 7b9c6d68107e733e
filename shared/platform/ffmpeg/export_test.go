package ffmpeg

// For the tests of package ffmpeg_test.
var (
	DeniedSyscalls        = deniedSyscalls
	DetectLandlockVersion = detectLandlockVersion
	NewMark               = newMark
	KillLeftovers         = killLeftovers
)

// CopyVariable and RLimitLocks are what the sandbox uses of its surroundings.
const (
	CopyVariable = copyVariable
	RLimitLocks  = rlimitLocks
)

// OriginalPath returns the path of the test binary, of which this process may run a copy.
func OriginalPath() string { return originalPath }
