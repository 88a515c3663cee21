package gatewaytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nightbell/appliance/notify"
	"nightbell/appliance/settings"
)

const vonageAccount = "abcd1234"

// vonage is Vonage's SMS API, which always answers 200, and its Reports API v2.
type vonage struct{}

func (vonage) settings() map[settings.Key]string {
	return map[settings.Key]string{settings.GatewayAccount: vonageAccount}
}

func (s vonage) routes(g *Gateway) *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("POST /sms/json", func(w http.ResponseWriter, r *http.Request) { s.send(g, w, r) })
	m.HandleFunc("GET /v2/reports/records", func(w http.ResponseWriter, r *http.Request) { s.records(g, w, r) })
	return m
}

func (vonage) refuse(w http.ResponseWriter, status, words string) {
	fmt.Fprintf(w, `{"message-count": "1", "messages": [{"status": %q, "error-text": %q}]}`, status, words)
}

func (s vonage) send(g *Gateway, w http.ResponseWriter, r *http.Request) {
	to, from := "+"+r.PostFormValue("to"), "+"+r.PostFormValue("from")
	switch {
	case r.PostFormValue("api_key") != vonageAccount || r.PostFormValue("api_secret") != Secret:
		s.refuse(w, "4", "Bad Credentials")
		return
	case r.PostFormValue("text") == "" || r.PostFormValue("client-ref") == "":
		s.refuse(w, "2", "Missing text param")
		return
	case !isNumber(to):
		s.refuse(w, "3", to+" is not a number")
		return
	case from != From:
		s.refuse(w, "15", "Illegal Sender Address")
		return
	}
	ref := g.take(Page{Kind: notify.KindSMS, To: to, From: from, Text: r.PostFormValue("text")}, func(n int) string { return fmt.Sprintf("aaaaaaaa-bbbb-cccc-dddd-%012x", n) })
	fmt.Fprintf(w, `{"message-count": "1", "messages": [{"to": %q, "message-id": %q, "status": "0", "remaining-balance": "3.14", "message-price": "0.0333", "network": "310004"}]}`, to[1:], ref)
}

// records answers what was sent by its name, or what came in by its time, of at
// most one day.
func (s vonage) records(g *Gateway, w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if user != vonageAccount || password != Secret || r.FormValue("account_id") != vonageAccount {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.FormValue("direction") == "outbound" {
		s.sent(g, w, r)
		return
	}
	from, err1 := time.Parse(time.RFC3339, r.FormValue("date_start"))
	to, err2 := time.Parse(time.RFC3339, r.FormValue("date_end"))
	if err1 != nil || err2 != nil || to.Sub(from) > 24*time.Hour || r.FormValue("product") != "SMS" || r.FormValue("include_message") != "true" {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	page, _ := strconv.Atoi(r.FormValue("cursor"))
	texts, last := g.received(from, false, page+1, 1000)
	list := []any{}
	for _, x := range texts {
		if x.at.Before(to) {
			list = append(list, map[string]any{"account_id": vonageAccount, "message_id": x.id, "direction": "inbound",
				"from": strings.TrimPrefix(x.from, "+"), "to": From[1:], "message_body": x.body, "status": "delivered",
				"date_received": x.at.Format("2006-01-02T15:04:05-0700")})
		}
	}
	answer := map[string]any{"request_status": "SUCCESS", "items_count": len(list), "records": list, "_links": map[string]any{}}
	if page+1 < last {
		query := r.URL.Query()
		query.Set("cursor", strconv.Itoa(page+1))
		query.Set("iv", "00aa")
		answer["_links"] = map[string]any{"next": map[string]string{"href": "https://elsewhere.example.com" + r.URL.Path + "?" + query.Encode()}}
	}
	json.NewEncoder(w).Encode(answer)
}

func (vonage) sent(g *Gateway, w http.ResponseWriter, r *http.Request) {
	list := []any{}
	if p, found := g.page(r.FormValue("id")); found {
		status := map[Fate]string{OnItsWay: "accepted", Delivered: "delivered", Lost: "failed"}[p.fate]
		list = append(list, map[string]any{"message_id": p.Ref, "direction": "outbound", "from": p.From[1:], "to": p.To[1:], "status": status,
			"date_received": p.At.Format("2006-01-02T15:04:05-0700"), "error_code": "0"})
	}
	json.NewEncoder(w).Encode(map[string]any{"request_status": "SUCCESS", "items_count": len(list), "records": list})
}
