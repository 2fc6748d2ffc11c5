package media

// Judge holds what was measured against the policy. The judging of pictures and sound is not built yet: with no inspector in
// the program nothing is measured, nothing is uploaded (media.tools_missing), and nothing comes here.
func Judge(*Measured, Profile, *InspectionPolicy) []Finding { return nil }

// PlanRepair says what a machine can mend of the findings.
func PlanRepair([]Finding, *Measured, *InspectionPolicy) RepairPlan { return RepairPlan{} }
