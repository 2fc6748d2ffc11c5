// Package ledger makes rows tamper-evident: a hash chain per owner, and a Merkle log over everything.
package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Hash is a link of a chain.
type Hash = [sha256.Size]byte

// Next is the link after prev for a row of kind with the given fields (string, int64, int, bool or []byte).
// The encoding is canonical: every field carries its type and length, so no two rows share an encoding.
func Next(prev Hash, kind string, fields ...any) Hash {
	b := make([]byte, 0, 256)
	b = append(b, prev[:]...)
	b = field(b, 's', []byte(kind))
	for _, f := range fields {
		switch v := f.(type) {
		case string:
			b = field(b, 's', []byte(v))
		case []byte:
			b = field(b, 'b', v)
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v))
		case int:
			b = binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v))
		case bool:
			if v {
				b = append(b, 't')
			} else {
				b = append(b, 'f')
			}
		default:
			panic(fmt.Sprintf("ledger.Next: field of type %T", f)) // a programming error, found by any test
		}
	}
	return sha256.Sum256(b)
}

func field(b []byte, kind byte, v []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, kind), uint32(len(v)))
	return append(b, v...)
}
