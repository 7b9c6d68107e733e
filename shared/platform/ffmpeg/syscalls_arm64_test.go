package ffmpeg_test

var foreignSyscalls, unfilteredSyscalls []uint32
