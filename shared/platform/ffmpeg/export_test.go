package ffmpeg

// For the tests of package ffmpeg_test.
var (
	AllowedSyscalls = allowedSyscalls
)

// CopyVariable tells a program that it is the copy.
const CopyVariable = copyVariable

// OriginalPath returns the path of the test binary, of which this process may run a copy.
func OriginalPath() string { return originalPath }
