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

const (
	twilioAccount = "AC0123456789abcdef0123456789abcdef"
	twilioKey     = "SK0123456789abcdef0123456789abcdef"
	twilioFlow    = "FW0123456789abcdef0123456789abcdef"
)

// twilio is Twilio's API of 2010-04-01 and its Studio v2.
type twilio struct{}

func (twilio) settings() map[settings.Key]string {
	return map[settings.Key]string{settings.GatewayAccount: twilioAccount, settings.GatewayUser: twilioKey, settings.GatewayFlow: twilioFlow}
}

func (s twilio) routes(g *Gateway) *http.ServeMux {
	m := http.NewServeMux()
	signed := func(f func(g *Gateway, w http.ResponseWriter, r *http.Request)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != twilioKey || password != Secret {
				s.refuse(w, http.StatusUnauthorized, 20003)
				return
			}
			f(g, w, r)
		}
	}
	m.Handle("POST /2010-04-01/Accounts/"+twilioAccount+"/Messages.json", signed(s.send))
	m.Handle("GET /2010-04-01/Accounts/"+twilioAccount+"/Messages.json", signed(s.list))
	m.Handle("GET /2010-04-01/Accounts/"+twilioAccount+"/Messages/{file}", signed(s.show))
	m.Handle("POST /v2/Flows/"+twilioFlow+"/Executions", signed(s.call))
	m.Handle("GET /v2/Flows/"+twilioFlow+"/Executions/{ref}/Context", signed(s.context))
	return m
}

// refuse answers as Twilio does; its words quote what was sent.
func (twilio) refuse(w http.ResponseWriter, status, code int) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"code": %d, "message": "The number %s is not right", "more_info": "https://www.twilio.com/docs/errors/%[1]d", "status": %[3]d}`, code, "+12125550199", status)
}

func (s twilio) send(g *Gateway, w http.ResponseWriter, r *http.Request) {
	to, from, body := r.PostFormValue("To"), r.PostFormValue("From"), r.PostFormValue("Body")
	switch {
	case !isNumber(to):
		s.refuse(w, http.StatusBadRequest, 21211)
		return
	case from != From:
		s.refuse(w, http.StatusBadRequest, 21606)
		return
	case body == "":
		s.refuse(w, http.StatusBadRequest, 21602)
		return
	}
	ref := g.take(Page{Kind: notify.KindSMS, To: to, From: from, Text: body}, func(n int) string { return fmt.Sprintf("SM%032x", n) })
	w.WriteHeader(http.StatusCreated)
	p, _ := g.page(ref)
	json.NewEncoder(w).Encode(s.message(p))
}

func (twilio) message(p Page) map[string]any {
	m := map[string]any{"sid": p.Ref, "account_sid": twilioAccount, "from": p.From, "to": p.To, "body": p.Text, "direction": "outbound-api",
		"num_segments": "1", "status": "queued", "error_code": nil, "date_sent": p.At.Format(time.RFC1123Z)}
	switch p.fate {
	case Delivered:
		m["status"] = "delivered"
	case Lost:
		m["status"], m["error_code"] = "undelivered", 30006
	}
	return m
}

func (s twilio) show(g *Gateway, w http.ResponseWriter, r *http.Request) {
	file := r.PathValue("file")
	p, found := g.page(file[:max(0, len(file)-len(".json"))])
	if !found {
		s.refuse(w, http.StatusNotFound, 20404)
		return
	}
	json.NewEncoder(w).Encode(s.message(p))
}

// list answers texts in both directions, newest first, by days.
func (s twilio) list(g *Gateway, w http.ResponseWriter, r *http.Request) {
	day, err := time.Parse(time.DateOnly, r.FormValue("DateSent>"))
	if err != nil || r.FormValue("To") != From {
		s.refuse(w, http.StatusBadRequest, 20001)
		return
	}
	size, _ := strconv.Atoi(r.FormValue("PageSize"))
	page, _ := strconv.Atoi(r.FormValue("Page"))
	texts, last := g.received(day, true, page+1, size)
	list := []any{}
	for _, x := range texts {
		list = append(list, map[string]any{"sid": x.id, "from": x.from, "to": From, "body": x.body, "direction": "inbound",
			"status": "received", "error_code": nil, "date_sent": x.at.Format(time.RFC1123Z)})
	}
	answer := map[string]any{"messages": list, "page": page, "page_size": size, "next_page_uri": nil}
	if page+1 < last {
		query := r.URL.Query()
		query.Set("Page", strconv.Itoa(page+1))
		query.Set("PageToken", "PASM"+strconv.Itoa(page+1))
		answer["next_page_uri"] = r.URL.Path + "?" + query.Encode()
	}
	json.NewEncoder(w).Encode(answer)
}

func (s twilio) call(g *Gateway, w http.ResponseWriter, r *http.Request) {
	to, from := r.PostFormValue("To"), r.PostFormValue("From")
	var said struct{ Said string }
	if !isNumber(to) || from != From || json.Unmarshal([]byte(r.PostFormValue("Parameters")), &said) != nil || said.Said == "" {
		s.refuse(w, http.StatusBadRequest, 21211)
		return
	}
	ref := g.take(Page{Kind: notify.KindVoice, To: to, From: from, Text: said.Said}, func(n int) string { return fmt.Sprintf("FN%032x", n) })
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"sid": %q, "flow_sid": %q, "status": "active", "contact_channel_address": %q}`, ref, twilioFlow, to)
}

func (s twilio) context(g *Gateway, w http.ResponseWriter, r *http.Request) {
	p, found := g.page(r.PathValue("ref"))
	if !found {
		s.refuse(w, http.StatusNotFound, 20404)
		return
	}
	widgets := map[string]any{}
	switch p.fate {
	case Lost:
		widgets["call"] = map[string]string{"CallStatus": "no-answer", "To": p.To}
	case Voicemail:
		widgets["call"] = map[string]string{"CallStatus": "in-progress", "To": p.To}
		widgets["press"] = map[string]string{"CallStatus": "completed"}
	case Delivered:
		widgets["call"] = map[string]string{"CallStatus": "in-progress", "To": p.To}
	}
	if p.key != "" {
		widgets["press"] = map[string]string{"Digits": p.key, "CallStatus": "in-progress", "From": p.From}
	}
	json.NewEncoder(w).Encode(map[string]any{"account_sid": twilioAccount, "execution_sid": p.Ref, "flow_sid": twilioFlow,
		"context": map[string]any{"widgets": widgets, "flow": map[string]any{"data": map[string]string{"said": p.Text}}}})
}
