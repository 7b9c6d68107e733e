package ffmpeg_test

var foreignSyscalls []uint32
