package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// guarded refuses hosts that are not this machine, as a name that somebody else's server has made
// point here would be, and requests that the page of another origin has caused. It forbids our page
// everything that it does not need.
func guarded(h http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		host, ok := ownHost(r.Host)
		if !ok {
			fail(w, http.StatusForbidden, fmt.Sprintf("the host %.100q is not this machine", r.Host))
			return
		}
		r.Host = host // and origins are compared with it as they are spelt here
		if origin := r.Header.Get("Origin"); origin != "" {
			r.Header.Set("Origin", ownOrigin(origin))
		}
		if err := origins.Check(r); err != nil {
			fail(w, http.StatusForbidden, err.Error())
			return
		}
		h.ServeHTTP(w, r)
	})
}

// ownHost reports whether a host, with or without a port, is a name or a loopback address of this machine. It
// returns it in the spelling that all others have in common: names in small letters and without the dot at
// the end, addresses as short as they can be.
func ownHost(hostport string) (string, bool) {
	host, port := hostport, ""
	if h, p, err := net.SplitHostPort(hostport); err == nil {
		if _, err := strconv.ParseUint(p, 10, 16); err != nil {
			return "", false
		}
		host, port = h, ":"+p
	} else if inner, ok := strings.CutPrefix(hostport, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok || !strings.Contains(host, ":") {
			return "", false
		}
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
		host = ip.Unmap().String()
	} else if host != "localhost" {
		return "", false
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + port, true
}

// ownOrigin returns an origin on this machine in the spelling of ownHost, and "null" for any other, which is what a
// browser says of pages that have none.
func ownOrigin(origin string) string {
	u, err := url.Parse(origin)
	if err != nil || u.User != nil || u.Scheme != "http" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "null"
	}
	host, ok := ownHost(u.Host)
	if !ok {
		return "null"
	}
	return "http://" + host
}
