package media

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/jobs"
	"xueshi/internal/platform/sqldb"
)

// maxEvidence bounds the pictures of one report: a file that fails in a thousand places is shown by its first ones.
const maxEvidence = 24

// Report is one inspection of an original under one version of the policy; it is never changed.
type Report struct {
	ReportHead
	OriginalID    string           `json:"original_id"`
	PolicyVersion int64            `json:"policy_version" doc:"0 = the defaults"`
	Policy        InspectionPolicy `json:"policy"`
	Measured      Measured         `json:"measured"`
	Findings      []Finding        `json:"findings"`
	TookMS        int64            `json:"took_ms" doc:"How long the inspection took"`
}

// Plan is what a machine can mend of the findings.
func (r *Report) Plan() RepairPlan { return PlanRepair(r.Findings, &r.Measured, &r.Policy) }

type inspectArgs struct {
	OriginalID string  `json:"original_id"`
	Profile    Profile `json:"profile"`
}

// InspectTx asks for an inspection under the policy in force when it begins.
func (s *Service) InspectTx(ctx context.Context, tx *sqldb.Tx, originalID string, profile Profile) error {
	return s.jobs.PutTx(ctx, tx, jobInspect, originalID+"/"+string(profile), inspectArgs{originalID, profile})
}

// inspect measures an original, judges it, takes the pictures of what it found, and stores the report.
func (s *Service) inspect(ctx context.Context, j *jobs.Job) error {
	var a inspectArgs
	if err := j.Args(&a); err != nil {
		return err
	}
	var o Original
	var policy InspectionPolicy
	var version int64
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if o, err = OriginalTx(ctx, tx, a.OriginalID); err != nil {
			return err
		}
		policy, version, err = PolicyTx(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	path, done, err := s.local(ctx, originalKey(o.Hash))
	if err != nil {
		return err
	}
	defer done()
	began := s.clk.Now()
	m, err := s.inspector.Measure(ctx, path, j.Progress)
	if err != nil {
		return err
	}
	r := Report{OriginalID: o.ID, PolicyVersion: version, Policy: policy, Measured: *m, Findings: Judge(m, a.Profile, &policy)}
	r.ID, r.Profile, r.Verdict = id.New(s.clk.Now()), a.Profile, "pass"
	for _, f := range r.Findings {
		if f.Severity == Fail {
			r.Failing, r.Verdict = r.Failing+1, "fail"
		}
	}
	if err := s.picture(ctx, path, &r); err != nil {
		return err
	}
	r.TookMS = s.clk.Now().Sub(began).Milliseconds()
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		r.At = tx.Now()
		if err := insertReportTx(ctx, tx, &r); err != nil {
			return err
		}
		return s.lessons.InspectedTx(ctx, tx, o.ID, a.Profile, r.ReportHead)
	})
}

// picture stores the pictures of a report's findings. One that cannot be made is left out: the numbers stand.
func (s *Service) picture(ctx context.Context, path string, r *Report) error {
	dir, done, err := s.workDir()
	if err != nil {
		return err
	}
	defer done()
	for i := range r.Findings[:min(len(r.Findings), maxEvidence)] {
		f := &r.Findings[i]
		name := evidenceName(i, *f)
		out := filepath.Join(dir, name)
		if err := s.inspector.Evidence(ctx, path, *f, out); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		if err := s.keepFile(ctx, out, reportKey(r.ID, name)); err != nil {
			return err
		}
		f.Evidence = name
	}
	return nil
}

func (s *Service) keepFile(ctx context.Context, path, key string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return s.store.Put(ctx, key, f)
}

func reportKey(reportID, name string) string { return "reports/" + reportID + "/" + name }

func evidenceName(no int, f Finding) string { return fmt.Sprintf("%02d-%s.jpg", no, f.Kind) }

// settleInspect tells the lessons of an original that cannot be inspected.
func (s *Service) settleInspect(ctx context.Context, tx *sqldb.Tx, j *jobs.Job, work error) error {
	var a inspectArgs
	if err := j.Args(&a); err != nil || work == nil {
		return err
	}
	return s.lessons.RefusedTx(ctx, tx, a.OriginalID, refusalCode(work))
}

// refusalCode is what people are told: the file's own fault by its code, ours as one code.
func refusalCode(err error) string {
	if e := errs.As(err); e.Kind == errs.Invalid {
		return e.Code
	}
	return "media.job_failed"
}

// ReportTx reads a report. Errors: NotFound "media.no_report".
func ReportTx(ctx context.Context, tx *sqldb.Tx, reportID string) (*Report, error) {
	r, found, err := sqldb.One(ctx, tx, scanReport, `SELECT `+reportColumns+` FROM inspection_report r WHERE r.id = $1`, reportID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "media.no_report")
	}
	return r, err
}

// EvidenceFile opens a picture of a report. Errors: NotFound "media.no_file".
func (s *Service) EvidenceFile(ctx context.Context, reportID, name string) (blob.File, error) {
	if strings.ContainsAny(name, "/\\") {
		return nil, errs.New(errs.NotFound, "media.no_file")
	}
	return s.open(ctx, reportKey(reportID, name))
}

func (s *Service) open(ctx context.Context, key string) (blob.File, error) {
	f, err := s.store.Open(ctx, key)
	if blob.Missing(err) {
		err = errs.New(errs.NotFound, "media.no_file")
	}
	return f, err
}

func inspectionOfTx(ctx context.Context, tx *sqldb.Tx, originalID string) (jobs.Status, error) {
	best := jobs.Status{}
	for _, profile := range []Profile{Video, Slides} {
		s, err := jobs.StatusTx(ctx, tx, jobInspect, originalID+"/"+string(profile))
		if err != nil {
			return best, err
		}
		if s.State == "running" || s.State == "waiting" || best.State == "" {
			best = s
		}
	}
	return best, nil
}

func creditYear(at time.Time) int64 { return int64(at.In(shanghai).Year()) }
