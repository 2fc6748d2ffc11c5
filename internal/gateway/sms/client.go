package sms

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"xueshi/internal/gateway/credential"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/id"
)

const (
	apiVersion  = "2017-05-25"
	callTimeout = 3 * time.Second
	answerLimit = 256 << 10
)

// client makes the calls of one credential.
type client struct {
	endpoint, keyID, secret string
	http                    *http.Client
	clk                     clock.Clock
}

// message is one SendSms.
type message struct {
	Phone, SignName, Template, Code string
	OutID                           string // our id, by which the service can be asked for the message again
}

// receipt is what the service says of a message it has taken.
type receipt struct{ BizID, RequestID string }

// send hands a message over. Errors: *failure.
func (c *client) send(ctx context.Context, m message) (receipt, error) {
	param, err := json.Marshal(map[string]string{"code": m.Code})
	if err != nil {
		return receipt{}, err
	}
	var out struct {
		answer
		BizID string `json:"BizId"`
	}
	err = c.call(ctx, "SendSms", map[string]string{"PhoneNumbers": m.Phone, "SignName": m.SignName, "TemplateCode": m.Template,
		"TemplateParam": string(param), "OutId": m.OutID}, &out.answer, &out)
	return receipt{out.BizID, out.RequestID}, err
}

// sent asks whether the service has the message with outID that was given to it on one of days. Errors: *failure.
func (c *client) sent(ctx context.Context, phone, outID string, days []civil.Date) (r receipt, found bool, err error) {
	const perPage = 50
	for _, day := range days {
		for page := 1; ; page++ {
			var out struct {
				answer
				TotalCount int64 `json:"TotalCount"`
				Details    struct {
					Items []struct {
						OutID string `json:"OutId"`
					} `json:"SmsSendDetailDTO"`
				} `json:"SmsSendDetailDTOs"`
			}
			err := c.call(ctx, "QuerySendDetails", map[string]string{"PhoneNumber": phone, "SendDate": day.Start(civil.Shanghai).In(civil.Shanghai).Format("20060102"),
				"PageSize": strconv.Itoa(perPage), "CurrentPage": strconv.Itoa(page)}, &out.answer, &out)
			if err != nil {
				return r, false, err
			}
			for _, d := range out.Details.Items {
				if d.OutID == outID {
					return receipt{RequestID: out.RequestID}, true, nil
				}
			}
			if len(out.Details.Items) < perPage {
				break
			}
		}
	}
	return r, false, nil
}

// answer is what every answer of the service holds.
type answer struct {
	Code      string `json:"Code"`
	Message   string `json:"Message"`
	RequestID string `json:"RequestId"`
}

// call makes one signed call and decodes the answer into out, whose head is the embedded answer.
func (c *client) call(ctx context.Context, action string, params map[string]string, head *answer, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var written atomic.Bool // after the first header byte the service may have acted, whatever we hear of it
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint+"/?"+canonicalQuery(params), http.NoBody)
	if err != nil {
		return &failure{Code: codeUnreachable, Message: "endpoint", cause: err}
	}
	req.Header.Set("Accept", "application/json")
	sign(req, action, apiVersion, c.clk.Now().UTC().Format("2006-01-02T15:04:05Z"), id.Secret(16), c.keyID, c.secret)
	res, err := c.http.Do(req)
	if err != nil {
		return transportFailure(err, written.Load())
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	if err != nil {
		return transportFailure(err, true)
	}
	if err := json.Unmarshal(raw, out); err != nil || head.Code == "" {
		return &failure{Code: codeGarbage, Message: "HTTP " + strconv.Itoa(res.StatusCode), doubt: true, cause: err}
	}
	if head.Code != "OK" || res.StatusCode != http.StatusOK {
		return refusal(res.StatusCode, *head)
	}
	return nil
}

func transportFailure(err error, written bool) *failure {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // its text holds the whole address, with phone and code
	}
	code := codeUnreachable
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		code = codeTimeout
	}
	if errors.Is(err, credential.ErrPrivateAddress) {
		code = codeForbidden
	}
	return &failure{Code: code, Message: "", doubt: written, cause: err}
}
