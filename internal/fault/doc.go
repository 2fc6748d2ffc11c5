// Package fault is what is wrong with courseware that is played: told by learners from the player, objected to by bureau
// officers who read its inspection report, answered by the provider.
//
//	open ──answer──▶ mended  (by a later revision, or by other captions)
//	  └────answer──▶ refused (nothing was wrong; the reason says why)
//
// Words: a fault is one person's report of one kind at one second of one revision; a place is all open reports of the same
// kind at the same second of the same revision: its first report is the head and counts the people, and one answer answers
// them all. An objection is a bureau officer's fault: a place of its own, with words. An officer who is not satisfied with an
// answer objects again. An open fault blocks nothing: the gate of the catalogue stands as it is.
//
// Who may: a learner reports what they are enrolled in and sees their own reports; provider staff and teachers see the places
// of their provider, never who reported; bureau staff and inspectors read the courses that somebody of their jurisdiction
// studies (all of them, where the jurisdiction is the whole city), and bureau staff object.
package fault
