package ffmpeg

// For the tests of package ffmpeg_test.
var (
	DeniedSyscalls        = deniedSyscalls
	DetectLandlockVersion = detectLandlockVersion
)
