package playback

import "context"

// Batch commits beats and deliveries in one batch, as they meet when many requests wait, and returns what each became.
func (s *Service) Batch(beats []Beat, passes []Pass) (outs []Outcome, errs []error) {
	items := make([]*item, 0, len(beats)+len(passes))
	for i, p := range passes {
		items = append(items, &item{seg: &delivered{p.LearnerID, p.SessionID, int64(i), 1000}, settled: make(chan struct{})})
	}
	for i := range beats {
		items = append(items, &item{beat: &beats[i], settled: make(chan struct{})})
	}
	for todo := items; len(todo) > 0; {
		todo = s.beats.commit(context.Background(), todo)
	}
	for _, it := range items[len(passes):] {
		outs, errs = append(outs, it.out), append(errs, it.err)
	}
	return outs, errs
}
