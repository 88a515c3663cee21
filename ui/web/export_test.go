package web

import "nightbell/appliance/access"

// Line is a line of the route table, for the test that walks it.
type Line struct {
	Method, Path string
	Open         bool // anyone may ask
	Machine      bool // only a machine's credential counts
	Need         []access.Permission
}

// Table is the route table of a server.
func (s *Server) Table() []Line {
	var lines []Line
	for _, r := range s.routes() {
		lines = append(lines, Line{Method: r.method, Path: r.path, Open: r.who == anyone, Machine: r.who == device, Need: r.need})
	}
	return lines
}
