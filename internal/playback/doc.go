// Package playback counts watched seconds so that every one of them can be proved, and none honestly watched is lost.
//
// The words: a learner has one study row (lease, wall cursor, presence accumulator, open run). A playback session is one
// acquisition of the lease, under one epoch. The player reports runs by heartbeats; the rule (rule.go) turns them into
// spans: pieces of media and of wall time of equal length. Spans between two presence checks form a window, provisional
// until its check passes. A refusal says why claimed media earned nothing. A delivery says that a segment was sent.
//
//	check:  due ──right in time──▶ passed
//	         │
//	         └─deadline─▶ due (late, two tasks) ──right──▶ late_passed
//	                        └──three wrong──▶ reopened (the window may be watched and credited again)
//
// Invariants (playback.md 2.2), held by the schema and recomputed by xueshi verify:
//
//	PB-I1  a learner's spans are disjoint in wall time: credited ≤ wall over any window, whatever races
//	PB-I2  a learner's spans of one media are disjoint in media time, laid into whichever revision: no second counts twice
//	PB-I3  every span lies in segments delivered to the same session before it was claimed
//	PB-I4  nothing is credited while a check is due; at most 900 s between two passed checks
//	PB-I5  spans of epoch e end before the acquisition of epoch e+1
//	PB-I6  totals shown are sums over rows; the chain of rows verifies
//
// Any process may take any heartbeat: the database decides by a compare-and-swap on the study row's version, and the
// in-memory copy only saves the read.
package playback
