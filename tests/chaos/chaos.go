// Package chaos runs all of Sluice in one process and injects faults: messages that arrive twice, late and out of
// order, functions that die between any two steps, writes or answers that are lost, and poison messages. At the end,
// rows, objects and events must be as if each message had arrived once and in order.
//
// Real parts are the handlers of api, inspect, encode, publish, purge and reconcile, the consumer and the publisher of
// package queue, the event contracts, and ffmpeg in its sandbox. AWS is replaced by the in-memory adapters, which pass
// the same suites as the real ones: storetest, blobtest, queuetest. A handler reaches them only through a [process],
// which blocks at each call until the scheduler lets the call succeed or fail, or ends the process.
//
// A run depends only on its seed. It has the time of a testing/synctest bubble, which the scheduler advances; nothing
// sleeps in real time. The output of ffmpeg is cached by its input. This is sound because the tools are deterministic,
// which TestToolsAreDeterministic checks.
//
// To repeat a seed that failed, with a log of its steps:
//
//	go test ./tests/chaos -run 'TestPromise02.*/seed=17$' -from 17 -seeds 1 -v
//
// The package needs no AWS permissions.
package chaos
