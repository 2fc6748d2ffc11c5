package identity

import (
	"context"
	"slices"

	"xueshi/internal/kernel/errs"
)

// Role is what an account may do; an account may hold several, each within a scope.
type Role string

// The roles of settled.md.
const (
	Learner       Role = "learner"
	UnitAdmin     Role = "unit_admin"     // scope: an employer unit
	Teacher       Role = "teacher"        // scope: a provider
	ProviderStaff Role = "provider_staff" // scope: a provider; duties: DutyAdmin and the four below it
	Marker        Role = "marker"         // scope: a provider
	Agent         Role = "agent"
	TeamLeader    Role = "team_leader"
	BureauStaff   Role = "bureau_staff" // scope: a region (and all below it)
	Inspector     Role = "inspector"    // scope: a region
	Operator      Role = "operator"
)

// The duties of provider staff, and DutyTeacher, by which a provider's list of people names the role Teacher.
const (
	DutyAdmin   = "admin" // appoints and dismisses the provider's people; beside it stands only what all staff may
	DutyCourse  = "course"
	DutyExam    = "exam"
	DutyFinance = "finance"
	DutyService = "service"
	DutyTeacher = "teacher"
)

// Grant is one role within one scope ("" = everywhere) with its duties.
type Grant struct {
	Role   Role
	Scope  string
	Duties []string
}

// Actor is who is acting: the one logged-in person, or the system itself in a job.
type Actor struct {
	AccountID string
	PersonID  string // the learner id in every other domain
	SessionID string // the login session
	DeviceID  string // the device whose key the session is bound to
	RegionID  string
	UnitID    string
	Grants    []Grant
	System    bool // a job or the command line; audited under the name in AccountID
}

type actorKey struct{}

// WithActor puts the actor into ctx; only the portals' session middleware, jobs and tests do.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom gives the actor, if somebody is logged in.
func ActorFrom(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok
}

// SystemContext is ctx acting as the system itself, named for the audit trail ("job:reminders").
func SystemContext(ctx context.Context, name string) context.Context {
	return WithActor(ctx, Actor{AccountID: name, System: true})
}

// Has reports whether the actor holds role in scope (an empty scope asks for any).
func (a Actor) Has(role Role, scope string) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool {
		return g.Role == role && (scope == "" || g.Scope == "" || g.Scope == scope)
	})
}

// Scopes lists the scopes in which the actor holds role.
func (a Actor) Scopes(role Role) (out []string) {
	for _, g := range a.Grants {
		if g.Role == role {
			out = append(out, g.Scope)
		}
	}
	return out
}

// Require is the first line of a use case: the actor, if it holds one of roles in any scope.
// Errors: Unauthenticated "identity.login_required", Forbidden "identity.role_required".
func Require(ctx context.Context, roles ...Role) (Actor, error) {
	a, ok := ActorFrom(ctx)
	if !ok {
		return a, errs.New(errs.Unauthenticated, "identity.login_required")
	}
	if a.System {
		return a, nil
	}
	for _, r := range roles {
		if a.Has(r, "") {
			return a, nil
		}
	}
	if len(roles) == 0 {
		return a, nil
	}
	return a, errs.New(errs.Forbidden, "identity.role_required", "roles", roles)
}

// RequireIn is Require within a scope: the unit, provider or region the object belongs to.
func RequireIn(ctx context.Context, scope string, roles ...Role) (Actor, error) {
	a, err := Require(ctx, roles...)
	if err != nil || a.System {
		return a, err
	}
	for _, r := range roles {
		if a.Has(r, scope) {
			return a, nil
		}
	}
	return a, errs.New(errs.Forbidden, "identity.scope_required", "roles", roles)
}

// RequireDuty is RequireIn for the provider's staff who have the duty.
// Errors: those of RequireIn; Forbidden "identity.duty_required" {duty}.
func RequireDuty(ctx context.Context, provider, duty string) (Actor, error) {
	a, err := RequireIn(ctx, provider, ProviderStaff)
	if err != nil || a.System || slices.Contains(a.duties(provider), duty) {
		return a, err
	}
	return a, errs.New(errs.Forbidden, "identity.duty_required", "duty", duty)
}

// duties is what the actor does for a provider, DutyTeacher among it.
func (a Actor) duties(provider string) (out []string) {
	for _, g := range a.Grants {
		switch {
		case g.Scope != provider:
		case g.Role == Teacher:
			out = append(out, DutyTeacher)
		case g.Role == ProviderStaff:
			out = append(out, g.Duties...)
		}
	}
	return out
}
