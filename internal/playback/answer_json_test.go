package playback_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"xueshi/internal/playback"
)

func TestAnswerIsWrittenAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	full := playback.Answer{Seq: 1, State: playback.StateNotDelivered, GrantedMS: 2, CreditedMS: 3, ConfirmedMS: 4, ProvisionalMS: 5, Credited: [][2]int64{{0, 6}, {7, 8}}, FrontierMS: 9,
		ResumeMS: 10, Complete: true, NextCheckMS: 11, PauseAtMS: 12, RetryAfterMS: 13, Missing: []int{1, 2}, ServerTime: time.Date(2026, 11, 24, 1, 2, 3, 456_000, time.UTC),
		Check: &playback.Check{ID: "<i>", Tasks: []playback.Task{{No: 1, Kind: playback.KindCode, Text: "什么 & \"who\"", Options: []playback.Option{{Key: "k"}}}}}}
	if v := reflect.ValueOf(full); v.NumField() != 16 {
		t.Fatalf("Answer has %d fields: teach AppendJSON the new one and count again", v.NumField())
	}
	for i := range reflect.TypeFor[playback.Answer]().NumField() {
		if reflect.ValueOf(full).Field(i).IsZero() {
			t.Errorf("field %d is not tried", i)
		}
	}
	for name, a := range map[string]playback.Answer{"zero": {}, "full": full, "empty lists": {Credited: [][2]int64{}, Missing: []int{}, ServerTime: time.UnixMicro(0).UTC()}} {
		var want bytes.Buffer
		if err := json.NewEncoder(&want).Encode(a); err != nil {
			t.Fatal(err)
		}
		if got := a.AppendJSON(nil); string(got) != want.String() {
			t.Errorf("%s:\n%s%s", name, got, want.String())
		}
	}
}
