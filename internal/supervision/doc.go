// Package supervision is what a bureau sees of its region and a provider of its courses: read models over the other
// domains, never a second source of truth. It writes nothing but its own counts.
//
// Words: a standing is one learner's year as the ledger and the enrolments give it, in all and per provider and course; a
// tally is a sum of standings by year, region and the month in which the year's hours were complete; a mark says that a
// standing may have changed and was written in the transaction that changed it; the fold turns marks into standings and tallies.
//
//	credit_record, enrolment, person.region, rule_set ──same transaction──▶ mark ──the minute's job──▶ standing ──delta──▶ tally
//
// Invariants, each tested as a recount: a tally equals the GROUP BY of the standings; without marks, a standing equals what
// the ledger and the enrolments give (docs/adr/0006).
//
// Who may: bureau staff and inspectors see the regions of their grants and all below them, enforced by the region list that
// each statement carries; provider staff and teachers see their provider.
package supervision
