package ledger

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xueshi/internal/platform/sqldb"
)

// Origin names the log in its checkpoints.
const Origin = "xueshi/evidence"

// Signer signs checkpoints with an Ed25519 key made of the installation's secret seed (32 bytes).
type Signer struct {
	signer   note.Signer
	verifier note.Verifier
	public   string
}

// NewSigner makes the signer of a seed.
func NewSigner(seed []byte) (*Signer, error) {
	key := ed25519.NewKeyFromSeed(seed)
	public, err := note.NewEd25519VerifierKey(Origin, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	s := &edSigner{key: key}
	if s.Verifier, err = note.NewVerifier(public); err != nil {
		return nil, err
	}
	return &Signer{s, s.Verifier, public}, nil
}

// Public is the verifier key that anybody may check checkpoints with.
func (s *Signer) Public() string { return s.public }

// Signed tells whether a checkpoint carries this signer's signature.
func (s *Signer) Signed(checkpoint string) bool {
	_, err := note.Open([]byte(checkpoint), note.VerifierList(s.verifier))
	return err == nil
}

// Sign signs a text of whole lines, which must not look like a checkpoint; Opened gives it back.
func (s *Signer) Sign(text string) (string, error) {
	signed, err := note.Sign(&note.Note{Text: text}, s.signer)
	return string(signed), err
}

// Opened is the text that carries this signer's signature. Errors: it does not.
func (s *Signer) Opened(signed string) (string, error) {
	n, err := note.Open([]byte(signed), note.VerifierList(s.verifier))
	if err != nil {
		return "", err
	}
	return n.Text, nil
}

// edSigner is a note.Signer over a key in memory.
type edSigner struct {
	note.Verifier
	key ed25519.PrivateKey
}

// Sign implements note.Signer.
func (s *edSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// hashes reads stored hashes within a transaction.
type hashes struct {
	ctx context.Context
	tx  *sqldb.Tx
}

// ReadHashes implements tlog.HashReader.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		b, found, err := sqldb.One(h.ctx, h.tx, sqldb.ScanValue[[]byte], `SELECT hash FROM merkle_hash WHERE no = $1`, n)
		if err != nil || !found || len(b) != len(out[i]) {
			return nil, fmt.Errorf("merkle hash %d: found %v, %w", n, found, errOr(err))
		}
		copy(out[i][:], b)
	}
	return out, nil
}

func errOr(err error) error {
	if err == nil {
		return fmt.Errorf("missing or malformed")
	}
	return err
}

// SizeTx is the number of leaves.
func SizeTx(ctx context.Context, tx *sqldb.Tx) (int64, error) {
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT coalesce(max(no) + 1, 0) FROM merkle_leaf`)
	return n, err
}

// AppendTx appends the commitment to one row: kind and owner name it, seq is its place in the owner's chain, hash its link.
// Appending the same row twice is a broken unique key: the caller's transaction must not have happened.
func AppendTx(ctx context.Context, tx *sqldb.Tx, kind, owner string, seq int64, hash []byte) error {
	no, err := SizeTx(ctx, tx)
	if err != nil {
		return err
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	leaf := Commitment(salt, kind, owner, seq, hash)
	if _, err := tx.Exec(ctx, `INSERT INTO merkle_leaf (no, kind, owner, seq, hash, at) VALUES ($1, $2, $3, $4, $5, $6)`, no, kind, owner, seq, leaf[:], tx.NowMicro()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO merkle_salt (no, salt) VALUES ($1, $2)`, no, salt); err != nil {
		return err
	}
	stored, err := tlog.StoredHashesForRecordHash(no, tlog.RecordHash(leaf[:]), hashes{ctx, tx})
	if err != nil {
		return err
	}
	at := tlog.StoredHashIndex(0, no)
	for i, h := range stored {
		if _, err := tx.Exec(ctx, `INSERT INTO merkle_hash (no, hash) VALUES ($1, $2)`, at+int64(i), h[:]); err != nil {
			return err
		}
	}
	return nil
}

// Commitment is a leaf: it binds a row without revealing it to anybody who has not the salt.
func Commitment(salt []byte, kind, owner string, seq int64, hash []byte) Hash {
	return Next(sha256.Sum256(salt), "leaf", kind, owner, seq, hash)
}

// HeadTx is the number of leaves and the tree's root over them; empty without a leaf.
func HeadTx(ctx context.Context, tx *sqldb.Tx) (size int64, root string, err error) {
	size, err = SizeTx(ctx, tx)
	if err != nil || size == 0 {
		return 0, "", err
	}
	h, err := tlog.TreeHash(size, hashes{ctx, tx})
	return size, h.String(), err
}

// SignTx signs a checkpoint over all leaves, unless one of this size stands already.
func SignTx(ctx context.Context, tx *sqldb.Tx, s *Signer) error {
	size, root, err := HeadTx(ctx, tx)
	if err != nil || size == 0 {
		return err
	}
	signed, err := s.Sign(fmt.Sprintf("%s\n%d\n%s\n", Origin, size, root))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO merkle_checkpoint (size, note, at) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING`, size, signed, tx.NowMicro())
	return err
}

// CheckTx recomputes the tree from its leaves, holds every checkpoint against it, and says what does not fit.
func CheckTx(ctx context.Context, tx *sqldb.Tx, s *Signer) (findings []string, err error) {
	size, err := SizeTx(ctx, tx)
	if err != nil {
		return nil, err
	}
	leaves, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[[]byte], `SELECT hash FROM merkle_leaf ORDER BY no`)
	if err != nil {
		return nil, err
	}
	if int64(len(leaves)) != size {
		return []string{fmt.Sprintf("evidence log: %d leaves, the last is number %d", len(leaves), size-1)}, nil
	}
	var all memory
	for n, leaf := range leaves {
		stored, err := tlog.StoredHashesForRecordHash(int64(n), tlog.RecordHash(leaf), all)
		if err != nil {
			return nil, err
		}
		all = append(all, stored...)
	}
	kept, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[[]byte], `SELECT hash FROM merkle_hash ORDER BY no`)
	if err != nil {
		return nil, err
	}
	for i := range max(len(kept), len(all)) {
		if i >= len(kept) || i >= len(all) || string(kept[i]) != string(all[i][:]) {
			findings = append(findings, fmt.Sprintf("evidence log: hash %d does not follow from the leaves", i))
			break
		}
	}
	notes, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT note FROM merkle_checkpoint ORDER BY size`)
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		if f := checkNote(n, size, all, s); f != "" {
			findings = append(findings, f)
		}
	}
	return findings, nil
}

func checkNote(signed string, size int64, all memory, s *Signer) string {
	n, err := note.Open([]byte(signed), note.VerifierList(s.verifier))
	if err != nil {
		return fmt.Sprintf("evidence log: a checkpoint's signature is not ours: %v", err)
	}
	f := strings.Split(n.Text, "\n")
	var at int64
	if len(f) < 3 || f[0] != Origin {
		return "evidence log: a checkpoint of another log"
	}
	if _, err := fmt.Sscan(f[1], &at); err != nil || at > size {
		return fmt.Sprintf("evidence log: a checkpoint speaks of %s leaves, %d are there: the tail was cut", f[1], size)
	}
	root, err := tlog.TreeHash(at, all)
	if err != nil || root.String() != f[2] {
		return fmt.Sprintf("evidence log: the checkpoint at %d does not fit the leaves", at)
	}
	return ""
}

// memory is a tree in memory.
type memory []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		if n >= int64(len(m)) {
			return nil, fmt.Errorf("merkle hash %d of %d", n, len(m))
		}
		out[i] = m[n]
	}
	return out, nil
}

// OpensTx reports whether leaf no commits to the given row; false too when its salt was erased.
func OpensTx(ctx context.Context, tx *sqldb.Tx, kind, owner string, seq int64, hash []byte) (bool, error) {
	type row struct{ leaf, salt []byte }
	r, found, err := sqldb.One(ctx, tx, func(sc sqldb.Scanner) (r row, err error) { return r, sc.Scan(&r.leaf, &r.salt) },
		`SELECT l.hash, s.salt FROM merkle_leaf l JOIN merkle_salt s ON s.no = l.no WHERE l.kind = $1 AND l.owner = $2 AND l.seq = $3`, kind, owner, seq)
	if err != nil || !found {
		return false, err
	}
	want := Commitment(r.salt, kind, owner, seq, hash)
	return string(want[:]) == string(r.leaf), nil
}

// Proof is what it takes to check one row against a checkpoint without us: the leaf, its salt, and the path to the root.
type Proof struct {
	Leaf  int64    `json:"leaf" doc:"Number of the leaf"`
	Kind  string   `json:"kind" enum:"study,credit"`
	Owner string   `json:"owner" doc:"Whose chain"`
	Seq   int64    `json:"seq" doc:"Place in the owner's chain"`
	Salt  []byte   `json:"salt"`
	Path  []string `json:"path" doc:"Hashes from the leaf to the root, base64"`
}

// Checkpoint is the newest signed one.
type Checkpoint struct {
	Size int64  `json:"size"`
	Note string `json:"note" doc:"Signed note: origin, size, root, signature"`
}

// NewestTx is the newest checkpoint; Size 0 when there is none yet.
func NewestTx(ctx context.Context, tx *sqldb.Tx) (c Checkpoint, err error) {
	c, _, err = sqldb.One(ctx, tx, func(row sqldb.Scanner) (c Checkpoint, err error) { return c, row.Scan(&c.Size, &c.Note) },
		`SELECT size, note FROM merkle_checkpoint ORDER BY size DESC LIMIT 1`)
	return c, err
}

// ProofsTx proves an owner's leaves of a kind against a checkpoint of size leaves, newest first, at most limit.
func ProofsTx(ctx context.Context, tx *sqldb.Tx, kind, owner string, size int64, limit int) ([]Proof, error) {
	out, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (p Proof, err error) {
		p.Kind, p.Owner = kind, owner
		return p, row.Scan(&p.Leaf, &p.Seq, &p.Salt)
	}, `SELECT l.no, l.seq, s.salt FROM merkle_leaf l JOIN merkle_salt s ON s.no = l.no WHERE l.kind = $1 AND l.owner = $2 AND l.no < $3 ORDER BY l.seq DESC LIMIT $4`,
		kind, owner, size, limit)
	if err != nil {
		return nil, err
	}
	for i := range out {
		path, err := tlog.ProveRecord(size, out[i].Leaf, hashes{ctx, tx})
		if err != nil {
			return nil, err
		}
		for _, h := range path {
			out[i].Path = append(out[i].Path, h.String())
		}
	}
	return out, nil
}

// LastTx is the last place of an owner's chain that the newest checkpoint covers; 0 when none is in the log yet.
func LastTx(ctx context.Context, tx *sqldb.Tx, kind, owner string) (int64, error) {
	seq, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT coalesce(max(seq), 0) FROM merkle_leaf WHERE kind = $1 AND owner = $2
		AND no < (SELECT coalesce(max(size), 0) FROM merkle_checkpoint)`, kind, owner)
	return seq, err
}
