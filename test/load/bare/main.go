// Command bare is the smallest server the standard library makes: the anchor of start time and binary size (G-P24, G-P25).
package main

import (
	"fmt"
	"net"
	"net/http"
)

func main() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	fmt.Printf("http://%s\n", ln.Addr())
	panic(http.Serve(ln, nil))
}
