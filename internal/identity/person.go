package identity

import (
	"strings"
	"time"
	"unicode/utf8"
)

// ValidIDNumber checks a resident identity number by GB 11643: 17 digits, a birth date that can be, and the check digit.
func ValidIDNumber(s string, now time.Time) bool {
	if len(s) != 18 {
		return false
	}
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		sum += int(s[i]-'0') * w
	}
	if s[17] != "10X98765432"[sum%11] {
		return false
	}
	born, err := time.Parse("20060102", s[6:14])
	return err == nil && born.Year() >= 1900 && born.Before(now.AddDate(-14, 0, 0))
}

// NormalIDNumber is the form that is stored and looked up.
func NormalIDNumber(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// ValidPhone checks a mainland mobile number.
func ValidPhone(s string) bool {
	if len(s) != 11 || s[0] != '1' || s[1] < '3' {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}

// ValidName accepts Chinese and Latin names with the middle dot of minority names.
func ValidName(s string) bool {
	n := utf8.RuneCountInString(s)
	if n < 2 || n > 30 || strings.TrimSpace(s) != s {
		return false
	}
	return !strings.ContainsAny(s, "<>&\"'`\\/{}[]()=;:,\x00\n\r\t0123456789")
}

// MaskName shows the first and, of three or more, the last character.
func MaskName(s string) string {
	r := []rune(s)
	switch {
	case len(r) == 0:
		return ""
	case len(r) <= 2:
		return string(r[:1]) + "*"
	}
	return string(r[:1]) + strings.Repeat("*", len(r)-2) + string(r[len(r)-1:])
}

// MaskIDNumber shows the region's four digits and the last four.
func MaskIDNumber(s string) string {
	if len(s) != 18 {
		return ""
	}
	return s[:4] + "**********" + s[14:]
}

// MaskPhone shows the first three and the last four digits.
func MaskPhone(s string) string {
	if len(s) != 11 {
		return ""
	}
	return s[:3] + "****" + s[7:]
}

// weak is the passwords everybody tries first.
var weak = []string{"password", "12345678", "qwertyuiop", "1234567890", "abcdefghij", "iloveyou", "woaini1314", "admin12345"}

// passwordFits asks for ten characters that are not made of the person's own data (no default passwords, A11).
func passwordFits(password, name, idNumber, phone string) bool {
	p := strings.ToLower(password)
	if utf8.RuneCountInString(p) < 10 || len(p) > 200 {
		return false
	}
	for _, w := range weak {
		if strings.HasPrefix(p, w) {
			return false
		}
	}
	for _, own := range []string{name, phone, strings.ToLower(idNumber), tail(idNumber, 6), tail(phone, 8)} {
		if own != "" && strings.Contains(p, own) {
			return false
		}
	}
	return strings.Count(p, p[:1]) < len(p)
}

func tail(s string, n int) string {
	if len(s) < n {
		return ""
	}
	return s[len(s)-n:]
}
