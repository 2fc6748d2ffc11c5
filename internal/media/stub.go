package media

type InspectionPolicy struct {
	HoursPct float64 `json:"hours_pct"`
}

var DefaultInspectionPolicy = InspectionPolicy{}

func Judge(m *Measured, profile Profile, p *InspectionPolicy) []Finding { return nil }

func PlanRepair(f []Finding, m *Measured, p *InspectionPolicy) RepairPlan { return RepairPlan{} }
