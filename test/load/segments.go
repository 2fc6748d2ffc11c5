//go:build bench

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// flow is one way to fetch segments.
type flow struct {
	name string
	tls  bool
	addr string
	path func(s *seat, segment int64) string
	pid  int
}

// amount is what a round of segments moved and cost.
type amount struct {
	gbs, server, client float64 // GB/s; CPU seconds a GB
	bytes               int64
}

// measureSegments is G-P11 to G-P14: our delivery with token check, release window and accounting, against nginx serving
// the same files without any. Servers run on one core and clients on the other, where there are two.
func measureSegments() []result {
	server0, client1 := "", ""
	if n, _ := strconv.Atoi(trim(exec.Command("nproc"))); n > 1 {
		server0, client1 = "0", "1"
		all := strconv.Itoa(os.Getpid())
		_ = exec.Command("taskset", "-acp", client1, all).Run()
		defer func() { _ = exec.Command("taskset", "-acp", fmt.Sprintf("0-%d", n-1), all).Run() }()
	}
	srv := startServer("segments", connsOfSegments, server0)
	defer srv.stop()
	plainAddr, tlsAddr, nginx := startNginx(srv.addr.Dir, server0)
	defer func() { _ = nginx.Process.Signal(syscall.SIGTERM); _ = nginx.Wait() }()
	static := func(prefix string) func(*seat, int64) string {
		return func(_ *seat, n int64) string { return fmt.Sprintf("%s%s%d.m4s", prefix, srv.addr.MediaID, n) }
	}
	checked := func(s *seat, n int64) string { return fmt.Sprintf("/media/%s/%d.m4s", s.Media, n) }
	flows := []flow{
		{"nginx TLS", true, tlsAddr, static("/"), nginx.Process.Pid},
		{"ours TLS", true, srv.addr.TLS, checked, srv.pid()},
		{"nginx", false, plainAddr, static("/"), nginx.Process.Pid},
		{"ours", false, srv.addr.Base, checked, srv.pid()},
		{"unchecked", false, srv.addr.Base, static("/media/unchecked/"), srv.pid()},
	}
	var booked int64
	got := map[string]map[string][]amount{"small": {}, "large": {}}
	for i := range *rounds {
		for _, size := range []string{"small", "large"} {
			line := ""
			for _, f := range flows {
				a := f.fetch(srv.seats, size)
				if f.name == "ours" || f.name == "ours TLS" {
					booked += a.bytes
				}
				got[size][f.name] = append(got[size][f.name], a)
				line += fmt.Sprintf("  %s %.2f GB/s %.2f+%.2f s/GB", f.name, a.gbs, a.server, a.client)
			}
			progress("round %d %s:%s", i+1, size, line)
		}
	}
	return segmentResults(got, srv, booked)
}

func trim(c *exec.Cmd) string {
	out, _ := c.Output()
	for len(out) > 0 && out[len(out)-1] == '\n' {
		out = out[:len(out)-1]
	}
	return string(out)
}

const connsOfSegments = 16

// fetch loads segments of a size over kept connections, one learner each, for a round.
func (f flow) fetch(seats []seat, size string) amount {
	from, to := int64(0), int64(smallSegments)
	if size == "large" {
		from, to = smallSegments, allSegments
	}
	var mu sync.Mutex
	var total int64
	var wg sync.WaitGroup
	conns := make([]*wire, len(seats))
	for i := range conns { // connected and warm before the clock starts
		conns[i] = &wire{addr: f.addr, tls: f.tls}
		total += f.one(conns[i], &seats[i], from)
	}
	moved := int64(0)
	server, client, t := serverCPU(f.pid), ownCPU(), time.Now()
	end := t.Add(time.Duration(*seconds / 2 * float64(time.Second)))
	for i := range seats {
		wg.Go(func() {
			var mine int64
			for n := from; time.Now().Before(end); n++ {
				mine += f.one(conns[i], &seats[i], from+(n+int64(i))%(to-from))
			}
			mu.Lock()
			defer mu.Unlock()
			moved += mine
		})
	}
	wg.Wait()
	took := time.Since(t).Seconds()
	server, client = serverCPU(f.pid)-server, ownCPU()-client
	for _, w := range conns {
		_ = w.c.Close()
	}
	gb := float64(moved) / 1e9
	return amount{gbs: gb / took, server: server / gb, client: client / gb, bytes: total + moved}
}

func (f flow) one(w *wire, s *seat, n int64) int64 {
	status, size, err := w.do([]byte("GET " + f.path(s, n) + " HTTP/1.1\r\nHost: " + f.addr + "\r\n\r\n"))
	if err == nil && (status != 200 || size != int64(sizes[n])) {
		err = fmt.Errorf("status %d, %d bytes", status, size)
	}
	if err != nil {
		check(fmt.Errorf("%s, segment %d: %w", f.name, n, err))
	}
	return size
}

func segmentResults(got map[string]map[string][]amount, srv *server, sent int64) []result {
	how := fmt.Sprintf("sqlite, %d connections of %d learners, median of %d alternating rounds of %g s; servers on one core, clients on the other; page cache warm", connsOfSegments, connsOfSegments, *rounds, *seconds/2)
	ratio := func(size, a, b string, f func(amount) float64) float64 {
		var v []float64
		for i := range got[size][a] {
			v = append(v, f(got[size][a][i])/f(got[size][b][i]))
		}
		return median(v)
	}
	speed := func(a amount) float64 { return a.gbs }
	cpu := func(a amount) float64 { return a.server + a.client }
	var rs []result
	for _, size := range []string{"small", "large"} {
		label := map[string]string{"small": ", 150-250 KB", "large": ", 2-6 MB"}[size]
		rs = append(rs,
			atLeast("G-P11 segments over TLS"+label, ratio(size, "ours TLS", "nginx TLS", speed), "of nginx", 0.9, 1.1, how+"; TLS 1.3, AES-128-GCM on both; nginx without checks or log"),
			atLeast("G-P12 segments in plain HTTP"+label, ratio(size, "ours", "nginx", speed), "of nginx", 0.6, 0.8, how),
			atMost("G-P12 server and client CPU in plain HTTP"+label, ratio(size, "ours", "nginx", cpu), "x nginx", 1.7, 1.25, how),
			atLeast("G-P13 with authorisation and accounting"+label, ratio(size, "ours", "unchecked", speed), "of without", 0.90, 0.97, how+"; same handler with checks off"),
		)
		for _, name := range []string{"nginx TLS", "ours TLS", "nginx", "ours"} {
			var v []float64
			for _, a := range got[size][name] {
				v = append(v, a.gbs)
			}
			rs = append(rs, fact("segments, "+name+label, median(v), "GB/s", how))
		}
	}
	var booked int64
	for range 50 { // the last deliveries are committed within milliseconds
		booked, _ = strconv.ParseInt(string(srv.get("/debug/booked")), 10, 64)
		if booked == sent {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return append(rs, exactly("G-P14 delivered bytes booked, less those clients read", float64(booked-sent), "bytes", 0,
		fmt.Sprintf("%d bytes read by clients over the whole section, against the sum of the delivery rows after it", sent)))
}

// startNginx serves the same files in plain HTTP and over TLS 1.3, as fast as it can: no checks, no log.
func startNginx(dir, cpu string) (plain, secure string, cmd *exec.Cmd) {
	plain, secure = freeAddr(), freeAddr()
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	conf := fmt.Sprintf(`%s worker_processes 1; daemon off; pid %[2]s/nginx.pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 300; open_file_cache max=100;
  client_body_temp_path %[2]s/b; proxy_temp_path %[2]s/p; fastcgi_temp_path %[2]s/f; uwsgi_temp_path %[2]s/u; scgi_temp_path %[2]s/s;
  server { listen %[3]s; root %[2]s/blobs; }
  server { listen %[4]s ssl; root %[2]s/blobs; ssl_certificate %[2]s/cert.pem; ssl_certificate_key %[2]s/key.pem; ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; }
}
`, user, dir, plain, secure)
	path := filepath.Join(dir, "nginx.conf")
	check(os.WriteFile(path, []byte(conf), 0o600))
	bin := "nginx"
	if _, err := exec.LookPath(bin); err != nil {
		bin = "/usr/sbin/nginx" // not on everybody's path
	}
	args := []string{bin, "-c", path}
	if cpu != "" {
		args = append([]string{"taskset", "-c", cpu}, args...)
	}
	cmd = exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	check(cmd.Start())
	for range 100 {
		if c, err := net.Dial("tcp", secure); err == nil {
			_ = c.Close()
			return plain, secure, cmd
		}
		time.Sleep(50 * time.Millisecond)
	}
	check(fmt.Errorf("nginx does not listen on %s", secure))
	return "", "", nil
}

func freeAddr() string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}
