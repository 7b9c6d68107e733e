package ffmpeg_test

var foreign []uint32
