#!/usr/bin/env bash
# Refuses a film that can't be sent, before minutes are spent on a cloud for it. No film is the usual footage.
set -euo pipefail

film=${1-}
refuse() {
	echo "$film $*: name a video, as in make demo VIDEO=film.mp4" >&2
	exit 1
}

if [[ -z $film ]]; then exit; fi
if [[ ! -e $film ]]; then refuse "is not there"; fi
if [[ -d $film ]]; then refuse "is a folder, not a video"; fi
if [[ ! -f $film ]]; then refuse "is no regular file"; fi
if [[ ! -s $film ]]; then refuse "is empty"; fi
if [[ ! -r $film ]]; then refuse "can't be read"; fi
