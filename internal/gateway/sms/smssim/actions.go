package smssim

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/id"
)

var mobile = regexp.MustCompile(`^(\+86|86)?1[3-9][0-9]{9}$`)

// no is a refusal of the business: HTTP 200 with a code.
func no(code, message string) (int, map[string]any) {
	return 200, map[string]any{"Code": code, "Message": message}
}

// sendSMS is SendSms to one mainland number.
func (s *Server) sendSMS(p url.Values) (int, map[string]any) {
	for _, name := range []string{"PhoneNumbers", "SignName", "TemplateCode"} {
		if p.Get(name) == "" {
			return 400, map[string]any{"Code": "Missing" + name, "Message": name + " is mandatory for this action."}
		}
	}
	phone := p.Get("PhoneNumbers")
	purpose, known := s.Templates[p.Get("TemplateCode")]
	switch {
	case strings.Contains(phone, ","):
		return no("isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制")
	case !mobile.MatchString(phone):
		return no("isv.MOBILE_NUMBER_ILLEGAL", phone+"invalid mobile number")
	case p.Get("SignName") != s.SignName:
		return no("isv.SMS_SIGNATURE_ILLEGAL", "该账号下找不到对应签名")
	case !known:
		return no("isv.SMS_TEMPLATE_ILLEGAL", "该账号下找不到对应模板")
	}
	var vars map[string]string
	if err := json.Unmarshal([]byte(p.Get("TemplateParam")), &vars); err != nil {
		return no("isv.INVALID_JSON_PARAM", "参数格式错误，请修改为字符串值")
	}
	if vars["code"] == "" {
		return no("isv.TEMPLATE_MISSING_PARAMETERS", "模板变量中存在未赋值的参数")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, phone := s.clk.Now(), phone[len(phone)-11:]
	if which := s.tooMany(phone, now); which != "" {
		return no("isv.BUSINESS_LIMIT_CONTROL", "触发"+which+"级流控Permits")
	}
	biz := strconv.FormatInt(now.UnixMicro(), 10) + "^" + id.Secret(3)
	s.take(Message{Phone: phone, SignName: p.Get("SignName"), Template: p.Get("TemplateCode"), Purpose: purpose, Code: vars["code"], OutID: p.Get("OutId"), BizID: biz, AcceptedAt: now})
	return 200, map[string]any{"Code": "OK", "Message": "OK", "BizId": biz}
}

// tooMany tells which limit one more message to phone would break.
func (s *Server) tooMany(phone string, now time.Time) string {
	var minute, hour, day int
	for _, m := range s.inbox {
		if m.Phone != phone {
			continue
		}
		age := now.Sub(m.AcceptedAt)
		if age < time.Minute {
			minute++
		}
		if age < time.Hour {
			hour++
		}
		if age < 24*time.Hour {
			day++
		}
	}
	switch {
	case s.PerMinute > 0 && minute >= s.PerMinute:
		return "分钟"
	case s.PerHour > 0 && hour >= s.PerHour:
		return "小时"
	case s.PerDay > 0 && day >= s.PerDay:
		return "天"
	}
	return ""
}

// querySendDetails lists what was sent to one number on one day of Beijing time.
func (s *Server) querySendDetails(p url.Values) (int, map[string]any) {
	size, err1 := strconv.Atoi(p.Get("PageSize"))
	page, err2 := strconv.Atoi(p.Get("CurrentPage"))
	date := p.Get("SendDate")
	if _, err := time.Parse("20060102", date); err != nil || err1 != nil || err2 != nil || size < 1 || size > 50 || page < 1 || !mobile.MatchString(p.Get("PhoneNumber")) {
		return no("isv.INVALID_PARAMETERS", "参数异常")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []map[string]any{}
	for _, m := range s.inbox {
		at := m.AcceptedAt.In(civil.Shanghai)
		if m.Phone == p.Get("PhoneNumber") && at.Format("20060102") == date && (p.Get("BizId") == "" || p.Get("BizId") == m.BizID) {
			found = append(found, map[string]any{"OutId": m.OutID, "TemplateCode": m.Template, "PhoneNum": m.Phone, "SendStatus": 3, "ErrCode": "DELIVERED",
				"SendDate": at.Format(time.DateTime), "ReceiveDate": at.Format(time.DateTime), "Content": "【" + m.SignName + "】验证码 ******"})
		}
	}
	total := len(found)
	found = found[min(total, (page-1)*size):min(total, page*size)]
	return 200, map[string]any{"Code": "OK", "Message": "OK", "TotalCount": total, "SmsSendDetailDTOs": map[string]any{"SmsSendDetailDTO": found}}
}
