#!/usr/bin/env bash
# checkvideo.sh PATH rejects a file that the demo can't send, before a cloud is set up for it. An empty PATH is valid: the
# demo then sends its own footage.
set -euo pipefail

video=${1-}
reject() {
	echo "$video $*: name a video, as in make demo VIDEO=film.mp4" >&2
	exit 1
}

if [[ -z $video ]]; then exit; fi
if [[ ! -e $video ]]; then reject "is not there"; fi
if [[ -d $video ]]; then reject "is a folder, not a video"; fi
if [[ ! -f $video ]]; then reject "is no regular file"; fi
if [[ ! -s $video ]]; then reject "is empty"; fi
if [[ ! -r $video ]]; then reject "can't be read"; fi
