package identity

import (
	"testing"
	"time"
)

// TestWhatWasReadBeforeADismissalIsNotKeptAfterIt: a request reads the rights, a dismissal drops them, the request comes to store.
func TestWhatWasReadBeforeADismissalIsNotKeptAfterIt(t *testing.T) {
	t.Parallel()
	var c loginCache
	teacher := cached{Actor{PersonID: "lin", Grants: []Grant{{Role: Teacher, Scope: "jia"}}}, time.Unix(1, 0)}
	_, _, before := c.get("lin's token")
	c.drop(func(a Actor) bool { return a.PersonID == "lin" })
	c.put("lin's token", teacher, before)
	_, ok, after := c.get("lin's token")
	if ok {
		t.Fatal("the rights of before the dismissal are kept")
	}
	c.forget("a stranger's token") // anybody may send one, and must not keep logins from being cached
	c.put("lin's token", teacher, after)
	if _, ok, _ = c.get("lin's token"); !ok {
		t.Fatal("nothing is kept any more")
	}
	c.drop(func(a Actor) bool { return a.PersonID == "somebody else" })
	if _, ok, _ = c.get("lin's token"); !ok {
		t.Error("somebody else's dismissal dropped it")
	}
}
