package ffmpeg

// For the tests outside.
var (
	DeniedSyscalls        = deniedSyscalls
	DetectLandlockVersion = detectLandlockVersion
)
