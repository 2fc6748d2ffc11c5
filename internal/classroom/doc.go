// Package classroom is what a learner writes beside a lesson: notes for themselves, and questions to the teacher, each at a
// position of the video.
//
//	open ──answer──▶ answered ──hide──▶ hidden
//	  └────────────────hide───────────────▲  └─restore─▶ open or answered, as it was
//
// A note is its owner's alone. A question is seen by its asker and by the provider's teachers and staff; the other learners of
// the course see it once it is answered, if the asker shared it, with the name masked, and not while it is hidden. Both are
// deleted with the account.
package classroom
