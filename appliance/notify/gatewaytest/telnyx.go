package gatewaytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"nightbell/appliance/notify"
	"nightbell/appliance/settings"
)

const telnyxProfile = "16fd2706-8baf-433b-82eb-8c7fada847da"

// telnyx is Telnyx' API v2.
type telnyx struct{}

func (telnyx) settings() map[settings.Key]string {
	return map[settings.Key]string{settings.GatewayAccount: telnyxProfile}
}

func (s telnyx) routes(g *Gateway) *http.ServeMux {
	m := http.NewServeMux()
	signed := func(f func(g *Gateway, w http.ResponseWriter, r *http.Request)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+Secret {
				s.refuse(w, http.StatusUnauthorized, "10009", "Authentication failed")
				return
			}
			f(g, w, r)
		}
	}
	m.Handle("POST /v2/messages", signed(s.send))
	m.Handle("GET /v2/messages/{id}", signed(s.show))
	m.Handle("GET /v2/detail_records", signed(s.list))
	return m
}

func (telnyx) refuse(w http.ResponseWriter, status int, code, title string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors": [{"code": %q, "title": %q, "detail": "about +12125550199"}]}`, code, title)
}

func (s telnyx) send(g *Gateway, w http.ResponseWriter, r *http.Request) {
	var m struct {
		From, To, Text string
		Profile        string `json:"messaging_profile_id"`
	}
	switch {
	case r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&m) != nil || m.Text == "" || m.Profile != telnyxProfile:
		s.refuse(w, http.StatusBadRequest, "10015", "Bad Request")
		return
	case !isNumber(m.To):
		s.refuse(w, http.StatusUnprocessableEntity, "40310", "Invalid 'to' address")
		return
	case m.From != From:
		s.refuse(w, http.StatusUnprocessableEntity, "40305", "Invalid 'from' address")
		return
	}
	ref := g.take(Page{Kind: notify.KindSMS, To: m.To, From: m.From, Text: m.Text}, func(n int) string { return fmt.Sprintf("40385f64-5717-4562-b3fc-%012x", n) })
	p, _ := g.page(ref)
	json.NewEncoder(w).Encode(s.message(p))
}

func (telnyx) message(p Page) map[string]any {
	status := map[Fate]string{OnItsWay: "queued", Delivered: "delivered", Lost: "delivery_failed"}[p.fate]
	return map[string]any{"data": map[string]any{"record_type": "message", "direction": "outbound", "id": p.Ref, "text": p.Text,
		"from": map[string]string{"phone_number": p.From}, "to": []any{map[string]string{"phone_number": p.To, "status": status}}, "errors": []any{}}}
}

// show answers a text by its name, one that came in too.
func (s telnyx) show(g *Gateway, w http.ResponseWriter, r *http.Request) {
	if p, found := g.page(r.PathValue("id")); found {
		json.NewEncoder(w).Encode(s.message(p))
		return
	}
	x, found := g.text(r.PathValue("id"))
	if !found {
		s.refuse(w, http.StatusNotFound, "10005", "Resource not found")
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"record_type": "message", "direction": "inbound", "id": x.id, "text": x.body,
		"from": map[string]string{"phone_number": x.from}, "received_at": x.at.Format(time.RFC3339),
		"to": []any{map[string]string{"phone_number": From, "status": "webhook_delivered"}}}})
}

// list answers records, which hold no words.
func (s telnyx) list(g *Gateway, w http.ResponseWriter, r *http.Request) {
	since, err := time.Parse(time.RFC3339, r.FormValue("filter[created_at][gte]"))
	if err != nil || r.FormValue("filter[record_type]") != "messaging" || r.FormValue("filter[direction]") != "inbound" {
		s.refuse(w, http.StatusBadRequest, "10015", "Bad Request")
		return
	}
	page, _ := strconv.Atoi(r.FormValue("page[number]"))
	size, _ := strconv.Atoi(r.FormValue("page[size]"))
	texts, last := g.received(since, false, page, size)
	list := []any{}
	for _, x := range texts {
		list = append(list, map[string]any{"record_type": "message_detail_record", "uuid": x.id, "direction": "inbound",
			"cli": x.from, "cld": From, "status": "received", "created_at": x.at.Format(time.RFC3339)})
	}
	json.NewEncoder(w).Encode(map[string]any{"data": list, "meta": map[string]int{"page_number": page, "page_size": size, "total_pages": last}})
}
