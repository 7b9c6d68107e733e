// Package chaos sends videos through all of Sluice in one process, and has everything go wrong that can: messages that
// come twice, late and out of order, functions that die between any two steps, writes that are lost or whose answers
// are, and poison among the messages. In the end it must look as if each message had come once and in order.
//
// What is real here: the handlers of api, inspect, encode, publish, sweep and tend, the consumer and the publisher of
// package inbox, the contracts, and ffmpeg in its cage. What stands for AWS, in memory, passes the same suites as the
// adapters of AWS do: storetest, blobtest, inboxtest. Nothing of that is seen by a handler but through a [process],
// which stops at every call until the scheduler lets it go on, or fail, or die.
//
// A run is a function of its seed. Time is that of a testing/synctest bubble: it passes when the scheduler says so, and
// nothing sleeps. What ffmpeg made once is copied from then on; that is sound because what it makes is a function of
// its input, which TestToolsRepeatThemselves holds it to.
//
// A seed that fails is run again, with a log of its steps, by
//
//	go test ./tests/chaos -run 'TestPromise02.*/seed=17$' -from 17 -seeds 1 -v
//
// It needs no AWS rights and refuses nothing.
package chaos
