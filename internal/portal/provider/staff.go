package provider

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/identity"
	"xueshi/internal/platform/httpx"
)

// MemberRef names one of the provider's people.
type MemberRef struct {
	Scope
	Person string `path:"person" maxLength:"40"`
}

// RegisterStaff registers the care of the provider's people. An appointment is a POST so that phones and ID numbers stay out
// of access logs.
func RegisterStaff(api huma.API, svc *identity.Service) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "staff", Summary: "The provider's people, who came first first"},
		func(ctx context.Context, in *struct {
			Scope
			httpx.Paging
		}) (*httpx.Body[httpx.Page[identity.StaffMember]], error) {
			items, next, err := svc.Staff(ctx, in.Provider, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			return httpx.OK(httpx.Page[identity.StaffMember]{Items: items, Next: next})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "staff", Summary: "Appoint a registered person", DefaultStatus: http.StatusCreated},
		func(ctx context.Context, in *struct {
			Scope
			Body identity.Appointment
		}) (*httpx.Body[identity.StaffMember], error) {
			m, err := svc.Appoint(ctx, in.Provider, in.Body)
			if err != nil {
				return nil, err
			}
			return httpx.OK(m)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: base + "staff/{person}", Summary: "Change somebody's duties"},
		func(ctx context.Context, in *struct {
			MemberRef
			Body identity.DutyChange
		}) (*httpx.Body[identity.StaffMember], error) {
			m, err := svc.ChangeDuties(ctx, in.Provider, in.Person, in.Body)
			if err != nil {
				return nil, err
			}
			return httpx.OK(m)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodDelete, Path: base + "staff/{person}", Summary: "Dismiss somebody", DefaultStatus: http.StatusNoContent},
		func(ctx context.Context, in *MemberRef) (*struct{}, error) {
			return nil, svc.Dismiss(ctx, in.Provider, in.Person)
		})
}
