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

const clicksendUser = "frontdesk@cedarstreet.example"

// clicksend is ClickSend's REST API v3, which answers 200 and a state of each page.
type clicksend struct{}

func (clicksend) settings() map[settings.Key]string {
	return map[settings.Key]string{settings.GatewayAccount: clicksendUser}
}

func (s clicksend) routes(g *Gateway) *http.ServeMux {
	m := http.NewServeMux()
	signed := func(f http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if user, key, _ := r.BasicAuth(); user != clicksendUser || key != Secret {
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprint(w, `{"http_code": 401, "response_code": "UNAUTHORIZED", "response_msg": "Authorization failed.", "data": null}`)
				return
			}
			f(w, r)
		}
	}
	m.Handle("POST /v3/sms/send", signed(func(w http.ResponseWriter, r *http.Request) { s.send(g, w, r, notify.KindSMS) }))
	m.Handle("POST /v3/voice/send", signed(func(w http.ResponseWriter, r *http.Request) { s.send(g, w, r, notify.KindVoice) }))
	m.Handle("GET /v3/sms/history", signed(func(w http.ResponseWriter, r *http.Request) { s.history(g, w, r, notify.KindSMS) }))
	m.Handle("GET /v3/voice/history", signed(func(w http.ResponseWriter, r *http.Request) { s.history(g, w, r, notify.KindVoice) }))
	m.Handle("GET /v3/sms/inbound", signed(func(w http.ResponseWriter, r *http.Request) { s.inbound(g, w, r) }))
	return m
}

func (clicksend) answer(w http.ResponseWriter, data any) {
	json.NewEncoder(w).Encode(map[string]any{"http_code": 200, "response_code": "SUCCESS", "response_msg": "Here you are.", "data": data})
}

func (s clicksend) send(g *Gateway, w http.ResponseWriter, r *http.Request, kind notify.Kind) {
	var sent struct {
		Messages []struct {
			To, From, Body, Voice, Lang string
			Key                         int    `json:"require_input"`
			Ref                         string `json:"custom_string"`
		}
	}
	if json.NewDecoder(r.Body).Decode(&sent) != nil || len(sent.Messages) != 1 || sent.Messages[0].Body == "" || sent.Messages[0].Ref == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	m := sent.Messages[0]
	status, ref := "SUCCESS", ""
	switch {
	case !isNumber(m.To):
		status = "INVALID_RECIPIENT"
	case kind == notify.KindSMS && m.From != From:
		status = "INVALID_SENDER_ID"
	case kind == notify.KindVoice && (m.Key != 1 || m.Voice == "" || m.Lang == ""):
		status = "INVALID_VOICE"
	default:
		ref = g.take(Page{Kind: kind, To: m.To, From: m.From, Text: m.Body}, func(n int) string { return fmt.Sprintf("BF7AD270-0DE2-418B-B606-%012X", n) })
	}
	s.answer(w, map[string]any{"total_price": 0.28, "total_count": 1, "queued_count": 1,
		"messages": []any{map[string]any{"to": m.To, "body": m.Body, "message_id": ref, "status": status}}})
}

func (s clicksend) history(g *Gateway, w http.ResponseWriter, r *http.Request, kind notify.Kind) {
	from, err1 := strconv.ParseInt(r.FormValue("date_from"), 10, 64)
	to, err2 := strconv.ParseInt(r.FormValue("date_to"), 10, 64)
	if err1 != nil || err2 != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	list := []any{}
	for _, p := range g.Pages() {
		if at := p.At.Unix(); p.Kind != kind || at < from || at > to {
			continue
		}
		entry := map[string]any{"message_id": p.Ref, "to": p.To, "body": p.Text, "status": "Sent", "status_code": nil, "digits": nil, "date_added": p.At.Unix()}
		switch p.fate {
		case Delivered, Voicemail:
			entry["status_code"] = "201"
		case Lost:
			entry["status_code"] = "301"
		}
		if p.key != "" {
			entry["digits"] = p.key
		}
		list = append(list, entry)
	}
	s.answer(w, map[string]any{"current_page": 1, "last_page": 1, "data": list})
}

func (s clicksend) inbound(g *Gateway, w http.ResponseWriter, r *http.Request) {
	page, _ := strconv.Atoi(r.FormValue("page"))
	limit, _ := strconv.Atoi(r.FormValue("limit"))
	texts, last := g.received(time.Time{}, true, page, limit)
	list := []any{}
	for _, x := range texts {
		list = append(list, map[string]any{"message_id": x.id, "from": x.from, "to": From, "body": x.body,
			"timestamp": strconv.FormatInt(x.at.Unix(), 10), "custom_string": "", "original_body": ""})
	}
	s.answer(w, map[string]any{"current_page": page, "last_page": last, "data": list})
}
