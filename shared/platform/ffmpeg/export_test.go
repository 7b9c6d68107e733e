package ffmpeg

// For the tests outside.
var (
	Denied          = denied
	LandlockVersion = landlockVersion
)
