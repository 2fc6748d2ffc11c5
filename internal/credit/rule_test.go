package credit

import (
	"testing"
	"time"
)

var order25 = Rule{TotalTenths: 900, ProfessionalNum: 2, ProfessionalDen: 3, ProfessionalNeed: 600, MinutesPerHour: 45}

// Order 25, Art. 8: surplus public hours never stand in for professional ones.
func TestMissingHoldsTheProfessionalShare(t *testing.T) {
	for _, c := range []struct{ public, professional, want int64 }{
		{0, 0, 900}, {300, 600, 0}, {0, 900, 0}, {900, 0, 600}, {900, 599, 1}, {299, 600, 1}, {100, 700, 100},
	} {
		if got := Missing(order25, c.public, c.professional); got != c.want {
			t.Errorf("public %d, professional %d: missing %d, want %d", c.public, c.professional, got, c.want)
		}
	}
}

func TestPaceCountsTheDayOfTodayAndRoundsUp(t *testing.T) {
	s := Summary{Year: 2026, MissingTenths: 101}
	end := time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC) // midnight in Shanghai, 1 January 2027
	s.pace(order25, time.Date(2026, 12, 30, 4, 0, 0, 0, time.UTC), end)
	if s.DaysLeft != 2 || s.MinutesADay != 228 || s.ExpectedTenths != 900*364/365 {
		t.Errorf("days %d, minutes a day %d, expected %d", s.DaysLeft, s.MinutesADay, s.ExpectedTenths)
	}
	s = Summary{Year: 2026, MissingTenths: 101}
	s.pace(order25, end, end)
	if s.DaysLeft != 0 || s.MinutesADay != 0 || s.ExpectedTenths != 900 {
		t.Errorf("after the end: days %d, minutes a day %d, expected %d", s.DaysLeft, s.MinutesADay, s.ExpectedTenths)
	}
}
