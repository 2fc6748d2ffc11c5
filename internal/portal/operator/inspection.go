package operator

import (
	"context"

	"xueshi/internal/media"
	"xueshi/internal/platform/httpx"
)

// InspectionPage is a year's inspection policy with the ranges and the program's own numbers.
type InspectionPage struct {
	Now    media.PolicyVersion `json:"now" doc:"The newest version; version 0 = the defaults"`
	Bounds []media.LimitBound  `json:"bounds" doc:"Numbers of each profile: ranges and defaults, in the order of the page"`
	Course []media.LimitBound  `json:"course" doc:"Numbers of a course as a whole"`
}

func (p Policies) inspection(ctx context.Context, in *yearIn) (*httpx.Body[InspectionPage], error) {
	now, err := p.Media.PolicyNow(ctx, in.Year)
	if err != nil {
		return nil, err
	}
	return httpx.OK(InspectionPage{now, media.LimitBounds(), media.CourseBounds()})
}

func (p Policies) inspectionHistory(ctx context.Context, in *struct {
	httpx.Paging
	Year int64 `query:"year" minimum:"2015" maximum:"2100" required:"true"`
}) (*httpx.Body[httpx.Page[media.PolicyVersion]], error) {
	n, err := before(in.After)
	if err != nil {
		return nil, err
	}
	items, err := p.Media.PolicyHistory(ctx, in.Year, n, in.Limit)
	if err != nil {
		return nil, err
	}
	return httpx.OK(numbered(items, in.Limit, func(v media.PolicyVersion) int64 { return v.Version }))
}

func (p Policies) setInspection(ctx context.Context, in *struct {
	Body struct {
		Year        int64                  `json:"year"`
		IfVersion   int64                  `json:"if_version" minimum:"0" doc:"Version that was changed"`
		Values      media.InspectionPolicy `json:"values"`
		LegalSource string                 `json:"legal_source" maxLength:"200"`
		Reason      string                 `json:"reason" maxLength:"500"`
	}
}) (*httpx.Body[Numbered], error) {
	b := in.Body
	n, err := p.Media.SetPolicy(ctx, media.PolicyVersion{Year: b.Year, Version: b.IfVersion, Values: b.Values, LegalSource: b.LegalSource, Reason: b.Reason})
	if err != nil {
		return nil, err
	}
	return httpx.OK(Numbered{n})
}
