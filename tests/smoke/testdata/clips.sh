#!/bin/sh
# Makes the clips that `make smoke` uploads, both of two seconds with a tone and generated pictures:
#
#   clip.mp4       1080p at 30 frames a second, whose encoding is measured
#   transport.ts   small, an MPEG transport stream, which can be made long with empty packets
#
# It was run with ffmpeg 8.1.2 of `make tools`. Do not run it again without measuring referenceCPU (cost.go) anew.
set -eu
cd "$(dirname "$0")"
ffmpeg=../../../build/tools/ffmpeg
exact='-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -threads 1'
tone='sine=f=440:r=48000'

$ffmpeg -v error -y -f lavfi -i 'testsrc2=s=320x180:r=30,scale=1920:1080:flags=bicubic' -f lavfi -i "$tone" -t 2 \
	-c:v libx264 -preset slower -crf 48 -pix_fmt yuv420p -g 60 -c:a aac -b:a 32k $exact -movflags +faststart clip.mp4
$ffmpeg -v error -y -f lavfi -i 'testsrc2=s=320x180:r=25' -f lavfi -i "$tone" -t 2 \
	-c:v libx264 -preset slower -crf 45 -pix_fmt yuv420p -g 50 -c:a aac -b:a 32k $exact transport.ts
