// Package identity knows people, accounts, devices and logins, who holds which role, and who did what.
//
// One ID number is one account. ID number and phone lie sealed; a blind index finds them; everybody but the owner sees
// masks. A login is bound to a device key, so that a copied cookie alone earns nothing (T26).
package identity

import (
	"context"
	"strings"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/org"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
)

// Purposes of one-time codes.
const (
	ForRegister = "register"
	ForLogin    = "login"
	ForReset    = "reset"
	ForPhone    = "phone"
	ForStepUp   = "step_up"
	ForUnlock   = "unlock"
)

const (
	sessionIdle  = 12 * time.Hour
	sessionLife  = 30 * 24 * time.Hour
	cacheFor     = 10 * time.Second
	beatCacheFor = 5 * time.Minute
	stepUpFor    = 10 * time.Minute
	codeLife     = 5 * time.Minute
	codeTries    = 5
	codeAgain    = time.Minute
	closingCools = 7 * 24 * time.Hour
	reuseBlocked = 30 * 24 * time.Hour
)

// Service is the use cases of identity.
type Service struct {
	db     *sqldb.DB
	keys   *secret.Keys
	send   CodeSender
	proofs blob.Store

	exporters []Exporter
	erasers   []Eraser
	notices   Notices

	logins loginCache
}

// New makes the service.
func New(db *sqldb.DB, keys *secret.Keys, send CodeSender, opts ...Option) *Service {
	s := &Service{db: db, keys: keys, send: send, proofs: noStore{}, notices: Silence{}}
	for _, o := range opts {
		o(s)
	}
	return s
}

// DeviceInfo is what a browser tells of itself at login: its public key above all.
type DeviceInfo struct {
	PublicKey string `json:"public_key" minLength:"80" maxLength:"200" doc:"base64url SPKI of a P-256 key that cannot leave the browser"`
	Name      string `json:"name" maxLength:"60" doc:"How the device list shall call it"`
	Kind      string `json:"kind" enum:"pc,phone,tablet"`
}

// Login is a fresh login: the token goes into the cookie and is stored nowhere.
type Login struct {
	Token string
	Actor Actor
}

// Registration is what a new learner tells.
type Registration struct {
	Name, IDNumber, Phone, Code, Password, RegionID, UnitID string
	Agreed                                                  string // Agreements.Agreed as it was shown
	Device                                                  DeviceInfo
}

// Register makes a learner's account (R5.2b: real name; one ID number, one account) and logs in.
// Errors: Invalid "identity.registration" with fields; Invalid "identity.code_wrong"; Conflict "identity.taken".
func (s *Service) Register(ctx context.Context, r Registration) (Login, error) {
	r.IDNumber = NormalIDNumber(r.IDNumber)
	if err := s.check(ctx, r); err != nil {
		return Login{}, err
	}
	if err := s.useCode(ctx, r.Phone, ForRegister, r.Code); err != nil {
		return Login{}, err
	}
	hash, err := hashPassword(ctx, r.Password)
	if err != nil {
		return Login{}, err
	}
	var login Login
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := s.reusableTx(ctx, tx, r.IDNumber); err != nil {
			return err
		}
		if u, err := org.UnitTx(ctx, tx, r.UnitID); err != nil || u.RegionID != r.RegionID {
			return errs.New(errs.Invalid, "identity.registration").WithField("unit_id", "invalid").WithCause(err)
		}
		personID, err := s.CreatePersonTx(ctx, tx, NewPerson{Name: r.Name, IDNumber: r.IDNumber, Phone: r.Phone, RegionID: r.RegionID, UnitID: r.UnitID,
			PasswordHash: hash, Agreed: r.Agreed, Grants: []Grant{{Role: Learner}}})
		if err != nil {
			return err
		}
		login, err = s.logInTx(ctx, tx, personID, r.Device)
		return err
	})
	if sqldb.IsUnique(err) {
		err = errs.New(errs.Conflict, "identity.taken")
	}
	return login, err
}

func (s *Service) check(ctx context.Context, r Registration) error {
	shown, err := s.AgreementVersions(ctx)
	if err != nil {
		return err
	}
	e := errs.New(errs.Invalid, "identity.registration")
	now := s.db.Clock().Now()
	for path, ok := range map[string]bool{
		"name": ValidName(r.Name), "id_number": ValidIDNumber(r.IDNumber, now), "phone": ValidPhone(r.Phone),
		"password": passwordFits(r.Password, r.Name, r.IDNumber, r.Phone), "region_id": r.RegionID != "", "unit_id": r.UnitID != "",
		"agreed": r.Agreed == shown.Agreed,
	} {
		if !ok {
			e = e.WithField(path, "invalid")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// NewPerson is a person to be stored.
type NewPerson struct {
	ID, Name, IDNumber, Phone, RegionID, UnitID, PasswordHash, Agreed string
	Grants                                                            []Grant
}

// CreatePersonTx stores a person with the grants. It is for registration, import and seeding: the caller has checked.
func (s *Service) CreatePersonTx(ctx context.Context, tx *sqldb.Tx, p NewPerson) (string, error) {
	if p.ID == "" {
		p.ID = id.New(tx.Now())
	}
	idIndex, err1 := s.keys.Index("id_number", p.IDNumber)
	phoneIndex, err2 := s.keys.Index("phone", p.Phone)
	idSeal, err3 := s.keys.Seal(p.IDNumber, "person/"+p.ID+"/id_number")
	phoneSeal, err4 := s.keys.Seal(p.Phone, "person/"+p.ID+"/phone")
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return "", err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO person (id, name, id_number_seal, id_number_index, id_number_mask, phone_seal, phone_index, phone_mask,
		region_id, unit_id, password_hash, state, agreed_version, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'active', $12, $13)`,
		p.ID, p.Name, idSeal, idIndex, MaskIDNumber(p.IDNumber), phoneSeal, phoneIndex, MaskPhone(p.Phone),
		p.RegionID, p.UnitID, p.PasswordHash, p.Agreed, tx.NowMicro())
	if err != nil {
		return "", err
	}
	actor, _ := ActorFrom(ctx)
	for _, g := range p.Grants {
		if _, err := tx.Exec(ctx, `INSERT INTO role_grant (person_id, role, scope, duties, granted_by, granted_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			p.ID, string(g.Role), g.Scope, strings.Join(g.Duties, ","), actor.AccountID, tx.NowMicro()); err != nil {
			return "", err
		}
	}
	if p.Agreed != "" {
		if err := s.agreeTx(ctx, tx, p.ID, p.Agreed); err != nil {
			return "", err
		}
	}
	return p.ID, AuditTx(ctx, tx, "identity.person_created", "person/"+p.ID, nil)
}

// HashPassword hashes a password for seeding and import.
func HashPassword(ctx context.Context, password string) (string, error) {
	return hashPassword(ctx, password)
}

// LogIn checks a password. account is a phone or an ID number. The answer and its time are the same for unknown accounts.
// Errors: Invalid "identity.bad_credentials"; Limited "identity.locked" with
// a wait that doubles from the fifth failure on (a code by SMS opens at once).
func (s *Service) LogIn(ctx context.Context, account, password, address string, d DeviceInfo) (login Login, err error) {
	index, kind, err := s.accountIndex(account)
	if err != nil {
		return login, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := s.failTx(ctx, tx, index); err != nil {
			return err
		}
		return limit.AllowTx(ctx, tx, "identity.locked", "loginip/"+address, 300, 15*time.Minute)
	})
	if err != nil {
		return login, err
	}
	p, err := s.find(ctx, kind, index)
	if err != nil {
		return login, err
	}
	ok, err := passwordIs(ctx, p.hash, password)
	if err != nil {
		return login, err
	}
	if !ok || !p.mayLogIn() {
		return login, errs.New(errs.Invalid, "identity.bad_credentials")
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := clearFailuresTx(ctx, tx, index); err != nil {
			return err
		}
		login, err = s.logInTx(ctx, tx, p.id, d)
		return err
	})
	return login, err
}

// LogInByCode logs in with a code sent to the phone; it is also the way back from a lock-out.
func (s *Service) LogInByCode(ctx context.Context, phone, code string, d DeviceInfo) (login Login, err error) {
	if err := s.useCode(ctx, phone, ForLogin, code); err != nil {
		return login, err
	}
	index, err := s.keys.Index("phone", phone)
	if err != nil {
		return login, err
	}
	p, err := s.find(ctx, "phone", index)
	if err != nil {
		return login, err
	}
	if !p.mayLogIn() {
		return login, errs.New(errs.Invalid, "identity.no_account")
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := clearFailuresTx(ctx, tx, index); err != nil {
			return err
		}
		login, err = s.logInTx(ctx, tx, p.id, d)
		return err
	})
	return login, err
}

func (s *Service) accountIndex(account string) (index, kind string, err error) {
	kind = "phone"
	if len(account) == 18 {
		kind, account = "id_number", NormalIDNumber(account)
	}
	index, err = s.keys.Index(kind, account)
	return index, kind, err
}

type found struct{ id, hash, state string }

// mayLogIn holds for closing accounts too: logging in is how their owner changes their mind.
func (f found) mayLogIn() bool { return f.state == "active" || f.state == "closing" }

func (s *Service) find(ctx context.Context, kind, index string) (p found, err error) {
	column := map[string]string{"phone": "phone_index", "id_number": "id_number_index"}[kind]
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		p, _, err = sqldb.One(ctx, tx, func(row sqldb.Scanner) (p found, err error) { return p, row.Scan(&p.id, &p.hash, &p.state) },
			`SELECT id, password_hash, state FROM person WHERE `+column+` = $1`, index)
		return err
	})
	return p, err
}
