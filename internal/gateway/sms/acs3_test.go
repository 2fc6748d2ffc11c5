package sms

import (
	"net/http"
	"testing"
)

// TestPublicVector is the fixed example of the public documentation ("V3 request structure and signature").
func TestPublicVector(t *testing.T) {
	t.Parallel()
	query := canonicalQuery(map[string]string{"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"})
	r, err := http.NewRequest(http.MethodPost, "https://ecs.cn-shanghai.aliyuncs.com/?"+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	sign(r, "RunInstances", "2014-05-26", "2023-10-26T10:22:32Z", "3156853299f313e23d1673dc12e1703d", "YourAccessKeyId", "YourAccessKeySecret")
	want := "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version," +
		"Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
	if got := r.Header.Get("Authorization"); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestPercentEncoding(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a b+c*d~e": "a%20b%2Bc%2Ad~e", "中": "%E4%B8%AD", `{"code":"1"}`: "%7B%22code%22%3A%221%22%7D", "-_.": "-_.", "\x00/": "%00%2F", "": "",
	} {
		if got := percent(in); got != want {
			t.Errorf("percent(%q) = %s, want %s", in, got, want)
		}
	}
}
