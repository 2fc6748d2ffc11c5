package app_test

import (
	"testing"

	"xueshi/test/city"
)

func TestMain(m *testing.M) { city.Main(m) }
