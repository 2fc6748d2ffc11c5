package authz

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"xueshi/test/city"
)

// document is as much of OpenAPI as making a request needs.
type document struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	ID         string `json:"operationId"`
	Parameters []struct {
		Name     string  `json:"name"`
		In       string  `json:"in"`
		Required bool    `json:"required"`
		Schema   *schema `json:"schema"`
	} `json:"parameters"`
	RequestBody *struct {
		Content map[string]struct {
			Schema *schema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`

	method, path string
	doc          *document
}

type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"`
	Enum       []any              `json:"enum"`
	Required   []string           `json:"required"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
	MinLength  int                `json:"minLength"`
	MinItems   int                `json:"minItems"`
	Minimum    float64            `json:"minimum"`
}

func (o operation) key() string { return o.method + " " + o.path }

// objectsOf names the object in the path where its parameter alone does not say which kind it is.
var objectsOf = []struct{ prefix, param, object string }{
	{"/api/learner/lessons/", "id", "l0101"},
	{"/api/learner/account/sessions/", "id", "{session}"},
	{"/api/public/courses/", "id", "c01"},
	{"/api/operator/accounts/{id}", "id", "{victim}"},
	{"/api/operator/appeals/", "id", "{appeal}"},
	{"/api/operator/settings/", "key", "hotline"},
	{"/api/operator/incidents/", "id", "{incident}"},
	{"/api/operator/accounts/requests/", "id", "{request}"},
	{"/api/unit/requests/", "id", "{request}"},
	{"/api/unit/imports/", "id", "{import}"},
	{"/api/provider/", "fault", "{fault}"},
	{"/api/provider/", "person", "{member}"},
	{"", "unit", "u01"},
	{"/api/learner/account/posts/", "provider", "yanmen"}, // nobody's: leaving jinyun would take away what the rest asks about
	{"", "provider", "jinyun"},
	{"", "course", "c01"},
	{"", "lesson", "l0101"},
	{"", "rev", "1"},
	{"/api/", "file...", "poster.jpg"},
	{"", "id", "nosuch"},
}

// fields are values with which a request means something; the rest is the smallest that the schema takes.
var fields = map[string]any{
	"lesson_id": "l0101", "course_id": "c01", "role": "agent", "reason": "核查重复登记", "source": "测试", "answer": "不能补计", "text": "没有计上",
	"to_ms": 5000, "device": map[string]any{"public_key": "x", "name": "pc", "kind": "pc"}, "unit_id": "u02", "region_id": "140902", "purpose": "step_up",
	"from": "2026-11-24T01:00:00Z", "to": "2026-11-24T01:05:00Z", "cause": "电信线路中断",
	"kind": "transfer", "state": "playing", "region": "140902", "account": "{phone}", "locked": true, "value": "400-000-0000",
	"content": base64.StdEncoding.EncodeToString([]byte("姓名,身份证号,手机号\n新人," + city.IDNumber(8_888) + ",13912345678\n")), "username": "x", "was": []string{"teacher"}, "name": "学员", "password": "long enough words",
}

// pdf is the smallest file that proves something.
var pdf = base64.StdEncoding.EncodeToString([]byte("%PDF-1.4\n%%EOF\n"))

// always are fields that the schema leaves out of "required" because only some cases need them.
var always = []string{"answer", "reason"}

// request makes a valid request about the world's objects.
func (o operation) request(w *world) (path string, body any) {
	path, query := o.path, url.Values{}
	for _, p := range o.Parameters {
		switch p.In {
		case "path":
			path = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(w.object(o.path, p.Name)), 1)
		case "query":
			if v, ok := fields[p.Name]; p.Required && ok && len(p.Schema.Enum) == 0 {
				query.Set(p.Name, fmt.Sprint(v))
			} else if p.Required {
				query.Set(p.Name, fmt.Sprint(o.doc.example(p.Schema)))
			}
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	if o.RequestBody != nil {
		body = o.doc.example(o.RequestBody.Content["application/json"].Schema)
		if m, ok := body.(map[string]any); ok {
			for k, v := range m {
				if s, ok := v.(string); ok && w.objects[s] != "" {
					m[k] = w.objects[s]
				}
			}
		}
	}
	return path, body
}

func (w *world) object(path, param string) string {
	for _, o := range objectsOf {
		if strings.HasPrefix(path, o.prefix) && o.param == param {
			if v, ok := w.objects[o.object]; ok {
				return v
			}
			return o.object
		}
	}
	return "nosuch"
}

// example is the smallest value that fits s.
func (d *document) example(s *schema) any {
	if s.Ref != "" {
		return d.example(d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]])
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	kind, _ := s.Type.(string)
	if list, ok := s.Type.([]any); ok && len(list) > 0 {
		kind, _ = list[0].(string)
	}
	switch kind {
	case "object":
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if !slices.Contains(s.Required, name) && !slices.Contains(always, name) {
				continue
			}
			if v, ok := fields[name]; ok && len(s.Properties[name].Enum) == 0 {
				out[name] = v
				continue
			}
			out[name] = d.example(s.Properties[name])
		}
		return out
	case "array":
		out := []any{}
		for range s.MinItems {
			out = append(out, d.example(s.Items))
		}
		return out
	case "integer", "number":
		return max(s.Minimum, 0)
	case "boolean":
		return false
	}
	return strings.Repeat("x", s.MinLength)
}
